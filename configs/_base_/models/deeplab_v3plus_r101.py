# DeepLab V3+: ResNet-101 of output stride 16, mmseg's separable pyramid with the decoder on features of stride 4.
_base_ = './deeplab_v2_r101.py'
model = dict(
    backbone=dict(strides=(1, 2, 2, 1), dilations=(1, 1, 1, 2), out_indices=(0, 3)),
    decode_head=dict(
        _delete_=True,
        type='BandedSeparableASPPHead',
        in_channels=2048,
        channels=512,
        dilations=(1, 6, 12, 18),
        c1_in_channels=256,
        c1_channels=48,
        dropout_ratio=.1,
        norm_cfg=dict(type='BN'),
        loss_decode=dict(type='CrossEntropyLoss')))
