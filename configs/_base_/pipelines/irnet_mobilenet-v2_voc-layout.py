# Photos of your own in VOC layout on two CPU cores; paths by environment variables, see _base_/datasets/voc_layout.py.
_base_ = './irnet.py'
configs = dict(
    cam='configs/cam/cam_mobilenet-v2_5e_voc-layout.py',
    inter_pixel_labels='configs/irnet/inter-pixel-labels_voc-layout.py',
    irnet='configs/irnet/irnet_mobilenet-v2_12e_voc-layout.py',
    mask_rcnn='configs/mask_rcnn/mask-rcnn_mobilenet-v2_12e_voc-layout.py')
