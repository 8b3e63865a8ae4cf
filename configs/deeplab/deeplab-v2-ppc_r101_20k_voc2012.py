# DeepLab V2 on ResNet-101 with the settings of the official code of PPC (experiment EPS_deeplabv2_resnet101; repaired, as it
# cannot be constructed as published): a deep stem, and branches that are joined instead of summed. Trained on the CAMs of
# EPS + PPC after a CRF. All but the network is as in deeplab-v1_resnet38_20k_voc2012.py (the table in README.md).
_base_ = ['./deeplab-v1_resnet38_20k_voc2012.py', '../_base_/models/deeplab_r101_deep_stem.py']
model = dict(
    backbone=dict(_delete_=True, **_base_.r101_deep_stem),
    decode_head=dict(
        _delete_=True,
        type='PyramidHead',
        in_channels=2048,
        channels=256,
        num_classes=_base_.num_classes + 1,
        norm_cfg=_base_.norm_cfg,
        align_corners=True,
        loss_decode=_base_.model.decode_head.loss_decode,
        init_cfg=_base_.model.decode_head.init_cfg))
masks = dict(semantic_masks='work_dirs/cam-masks-ppc_voc2012/semantic_masks')
train_dataloader = dict(dataset=dict(data_prefix=masks))
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys={
            '_delete_': True,
            'decode_head': dict(lr_mult=10),
            'decode_head.conv_seg.bias': dict(lr_mult=20, decay_mult=0)
        }))
