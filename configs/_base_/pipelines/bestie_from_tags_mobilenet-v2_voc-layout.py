# Photos of your own in VOC layout on two CPU cores, with light networks.
_base_ = './bestie_from_tags.py'
configs = dict(
    cam='configs/cam/cam_mobilenet-v2_5e_voc-layout.py',
    inter_pixel_labels='configs/irnet/inter-pixel-labels_voc-layout.py',
    irnet='configs/irnet/irnet_mobilenet-v2_12e_voc-layout.py',
    deeplab='configs/deeplab/deeplab-v3plus_mobilenet-v2_40e_voc-layout.py',
    deeplab_maps='configs/deeplab/deeplab-v3plus_mobilenet-v2_40e_voc-layout-maps.py',
    pam='configs/pam/pam_mobilenet-v2_5e_voc-layout.py',
    bestie='configs/bestie/bestie_mobilenet-v2_20e_voc-layout.py',
    bestie_labels='configs/bestie/bestie_mobilenet-v2_20e_voc-layout-labels.py',
    mask_rcnn='configs/mask_rcnn/mask-rcnn_mobilenet-v2_12e_voc-layout.py')
