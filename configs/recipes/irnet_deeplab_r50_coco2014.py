# IRNet's chain on COCO 2014, then DeepLab V2.
_base_ = ['../_base_/recipes/irnet_deeplab.py', '../_base_/datasets/coco2014.py']
configs = dict(
    cam='configs/cam/cam_r50_5e_coco2014.py',
    inter_pixel_labels='configs/irnet/inter-pixel-labels_coco2014.py',
    irnet='configs/irnet/irnet_r50_3e_coco2014.py',
    deeplab='configs/deeplab/deeplab-v2_r101_100k_coco2014.py',
    deeplab_maps='configs/deeplab/deeplab-v2_r101_100k_coco2014-maps.py')
