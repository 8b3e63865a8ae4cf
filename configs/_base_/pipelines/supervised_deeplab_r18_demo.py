# The demo's DeepLab trained on the true masks, to compare with: same config, same classifier (skipped when it is there).
results_name = 'results_supervised_deeplab'  # this pipeline shares its work dir with irnet_deeplab_r18_demo.py
stages = [
    dict(name='classifier', action='train', config='configs/cam/cam_r18_36e_demo.py', number='multi_label/mAP'),
    dict(
        name='deeplab_supervised',
        action='train',
        config='configs/deeplab/deeplab-v2_r18_20e_demo-supervised.py',
        options={'model.backbone.init_cfg.checkpoint': '{classifier.checkpoint}'},
        number='semantic/mIoU'),
    dict(
        name='deeplab_supervised_evaluation',
        action='predict',
        config='configs/deeplab/deeplab-v2_r18_20e_demo-supervised.py',
        checkpoint='deeplab_supervised',
        number='semantic/mIoU'),
]
