# DeepLab V1 with large field of view on ResNet-38, as SEAM and PPC retrain it.
# Weights: WSIS_RESNET38, see cam_resnet38.py.
_base_ = './deeplab_v2_r101.py'
model = dict(
    backbone=dict(
        _delete_=True,
        type='ResNet38',
        frozen_stages=1,
        norm_cfg=dict(type='BN', requires_grad=False),
        norm_eval=True,
        init_cfg=dict(
            type='Pretrained', checkpoint='{{$WSIS_RESNET38:checkpoints/resnet38_imagenet.pth}}')),
    decode_head=dict(
        in_channels=4096, dilations=(12, ), hidden_channels=512, dropout_ratio=.5, norm_cfg=dict(type='BN')))
