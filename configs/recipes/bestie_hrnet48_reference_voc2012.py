# BESTIE from what its authors publish instead of maps and peaks of our own: unpack WSSS_maps.zip and Peak_points.zip of
# https://github.com/clovaai/BESTIE in the folder of the data set (configs/bestie/README.md). It is trained as in the official
# code (see the reference config); the labels and Mask R-CNN are those of bestie_from_tags_hrnet48_voc2012.py.
_base_ = ['../_base_/recipes/bestie.py', '../_base_/datasets/voc2012.py']
wsss_maps = _base_.data_root + 'WSSS_maps'
peak_points = _base_.data_root + 'Peak_points'
split = _base_.data_root + 'ImageSets/Segmentation/trainaug.txt'
stages = [
    dict(
        name='wsss_maps',
        action='tool',
        tool='dataset_converters/convert_maps.py',
        takes_data=True,
        arguments=[wsss_maps, '{work_dir}/wsss_maps/semantic_masks'],
        reads=[wsss_maps, split]),
    dict(
        name='peaks',
        action='tool',
        tool='dataset_converters/convert_points.py',
        arguments=[peak_points, '{work_dir}/peaks/peaks.json'],
        reads=[peak_points]),
    *_base_.bestie_stages,
]
configs = dict(
    bestie='configs/bestie/bestie_hrnet48_reference_voc2012.py',
    bestie_labels='configs/bestie/bestie_hrnet48_50k_voc2012-labels.py',
    mask_rcnn='configs/mask_rcnn/mask-rcnn_r50_1x_voc2012.py')
options = dict(bestie=_base_.learn_from_peaks)
