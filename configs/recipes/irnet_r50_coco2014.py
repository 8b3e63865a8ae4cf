# IRNet's chain on COCO 2014, up to Mask R-CNN.
_base_ = ['../_base_/recipes/irnet.py', '../_base_/datasets/coco2014.py']
configs = dict(
    cam='configs/cam/cam_r50_5e_coco2014.py',
    inter_pixel_labels='configs/irnet/inter-pixel-labels_coco2014.py',
    irnet='configs/irnet/irnet_r50_3e_coco2014.py',
    mask_rcnn='configs/mask_rcnn/mask-rcnn_r50_1x_coco2014.py')
