# DeepLab V2 as papers of weak supervision train it: ResNet-101 of output stride 8, batch normalisation fixed, and the sum of
# four dilated convolutions.
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        size_divisor=1),
    backbone=dict(
        type='mmdet.ResNet',
        depth=101,
        strides=(1, 2, 1, 1),
        dilations=(1, 1, 2, 4),
        out_indices=(3, ),
        norm_cfg=dict(type='BN', requires_grad=False),
        norm_eval=True,
        init_cfg=dict(
            type='Pretrained', checkpoint='https://download.pytorch.org/models/resnet101-63fe2227.pth')),
    decode_head=dict(
        type='DeepLabHead',
        in_channels=2048,
        dilations=(6, 12, 18, 24),
        loss_decode=dict(type='CrossEntropyLoss')),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'))
