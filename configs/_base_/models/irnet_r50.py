# IRNet on the frozen features of an ImageNet ResNet-50: stem (64 channels) and 4 stages, output stride 16.
model = dict(
    type='IRNet',
    data_preprocessor=dict(
        type='DetDataPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr_to_rgb=True),
    backbone=dict(
        type='ResNetWithStem',
        depth=50,
        strides=(1, 2, 2, 1),
        init_cfg=dict(
            type='Pretrained', checkpoint='https://download.pytorch.org/models/resnet50-0676ba61.pth')),
    neck=dict(type='IRNetNeck'),
    head=dict(
        type='IRNetHead',
        loss_affinity=dict(type='AffinityLoss', radius=10),
        loss_displacement=dict(type='DisplacementLoss', radius=10)),
    # boundary and displacement are the switches of the paper's ablation
    test_cfg=dict(
        boundary=True,
        displacement=True,
        background_threshold=.25,
        radius=5,
        beta=10.,
        steps=256,
        cluster_threshold=2.5,
        cam_threshold=0.))
