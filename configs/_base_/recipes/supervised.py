# Networks trained on true masks, for comparison. Recipes use one of the two lists of stages.
mask_rcnn_stages = [
    dict(name='mask_rcnn_supervised', action='train', config='mask_rcnn'),
    dict(
        name='evaluation_supervised',
        action='predict',
        config='mask_rcnn',
        checkpoint='mask_rcnn_supervised',
        number='voc/AP50'),
]
deeplab_stages = [
    dict(name='deeplab_supervised', action='train', config='deeplab', number='semantic/mIoU'),
    dict(
        name='deeplab_supervised_evaluation',
        action='predict',
        config='deeplab',
        checkpoint='deeplab_supervised',
        number='semantic/mIoU'),
]
