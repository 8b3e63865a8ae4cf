# Your own photos on two CPU cores: CAM, refined by IRNet, then a light Mask R-CNN.
_base_ = ['../_base_/recipes/irnet.py', '../_base_/datasets/photos.py']
configs = dict(
    cam='configs/cam/cam_mobilenet-v2_5e_photos.py',
    inter_pixel_labels='configs/irnet/inter-pixel-labels_photos.py',
    irnet='configs/irnet/irnet_mobilenet-v2_12e_photos.py',
    mask_rcnn='configs/mask_rcnn/mask-rcnn_mobilenet-v2_12e_photos.py')
