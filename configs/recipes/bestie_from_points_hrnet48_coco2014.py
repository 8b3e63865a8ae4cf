# As bestie_from_tags_hrnet48_coco2014.py with given points, the data set's `points_file` (configs/pam/README.md), in the place
# of PAM's peaks.
_base_ = ['./ppc_seam_irnet_deeplab_resnet38_coco2014.py', '../_base_/recipes/bestie.py']
stages = [*_base_.stages, *_base_.bestie_stages]
configs = dict(
    bestie='configs/bestie/bestie-points_hrnet48_50k_coco2014.py',
    bestie_labels='configs/bestie/bestie-points_hrnet48_50k_coco2014-labels.py',
    mask_rcnn='configs/mask_rcnn/mask-rcnn_r50_1x_coco2014.py')
