# The same Mask R-CNN trained on the true masks of photos in VOC layout, to compare with.
results_name = 'results_supervised'  # for the work dir of irnet_mobilenet-v2_voc-layout.py
stages = [
    dict(
        name='mask_rcnn_supervised',
        action='train',
        config='configs/mask_rcnn/mask-rcnn_mobilenet-v2_12e_voc-layout-supervised.py'),
    dict(
        name='evaluation_supervised',
        action='predict',
        config='configs/mask_rcnn/mask-rcnn_mobilenet-v2_12e_voc-layout-supervised.py',
        checkpoint='mask_rcnn_supervised',
        number='voc/AP50'),
]
