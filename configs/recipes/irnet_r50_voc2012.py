# The chain of the IRNet paper on VOC 2012.
_base_ = ['../_base_/recipes/irnet.py', '../_base_/datasets/voc2012.py']
configs = dict(
    cam='configs/cam/cam_r50_5e_voc2012.py',
    inter_pixel_labels='configs/irnet/inter-pixel-labels_voc2012.py',
    irnet='configs/irnet/irnet_r50_3e_voc2012.py',
    mask_rcnn='configs/mask_rcnn/mask-rcnn_r50_1x_voc2012.py')
