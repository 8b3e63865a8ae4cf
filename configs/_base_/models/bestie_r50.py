# BESTIE on ResNet-50 of output stride 32, with two decoders of Panoptic-DeepLab.
model = dict(
    type='BESTIE',
    data_preprocessor=dict(
        type='DetDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_size_divisor=32),
    backbone=dict(
        type='ResNet',
        depth=50,
        norm_eval=False,
        norm_cfg=dict(type='BN', momentum=.01),
        init_cfg=dict(
            type='Pretrained', checkpoint='https://download.pytorch.org/models/resnet50-0676ba61.pth')),
    head=dict(type='PanopticDeepLabHead'),
    sigma=6.,
    guidance=True,
    # centres of refined labels
    refinement=dict(threshold=.3, kernel=41, tolerance=3., weak_score=.05, distance=100., max_instances=5),
    # centres of predictions
    test_cfg=dict(mode='predict', flip=True, threshold=.1, kernel=41))
