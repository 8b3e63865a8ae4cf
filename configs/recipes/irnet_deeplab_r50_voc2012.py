# IRNet's chain on VOC 2012, then DeepLab V2.
_base_ = ['../_base_/recipes/irnet_deeplab.py', '../_base_/datasets/voc2012.py']
configs = dict(
    cam='configs/cam/cam_r50_5e_voc2012.py',
    inter_pixel_labels='configs/irnet/inter-pixel-labels_voc2012.py',
    irnet='configs/irnet/irnet_r50_3e_voc2012.py',
    deeplab='configs/deeplab/deeplab-v2_r101_20k_voc2012.py',
    deeplab_maps='configs/deeplab/deeplab-v2_r101_20k_voc2012-maps.py')
