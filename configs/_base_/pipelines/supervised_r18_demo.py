# The demo's detector trained on the true masks, to compare with: same config, same classifier (skipped when it is there).
results_name = 'results_supervised'  # this pipeline shares its work dir with the demo's
stages = [
    dict(name='classifier', action='train', config='configs/cam/cam_r18_36e_demo.py', number='multi_label/mAP'),
    dict(
        name='mask_rcnn_supervised',
        action='train',
        config='configs/mask_rcnn/mask-rcnn_r18_6e_demo-supervised.py',
        options={'model.backbone.init_cfg.checkpoint': '{classifier.checkpoint}'},
    ),
    dict(
        name='evaluation_supervised',
        action='predict',
        config='configs/mask_rcnn/mask-rcnn_r18_6e_demo-supervised.py',
        checkpoint='mask_rcnn_supervised',
        number='voc/AP50',
    ),
]
