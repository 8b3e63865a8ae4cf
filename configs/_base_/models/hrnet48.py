# HRNet-W48, as hrnet32.py: `backbone=dict(_delete_=True, **_base_.hrnet48)`.
_base_ = './hrnet32.py'
channels = dict(
    stage2=dict(num_channels=(48, 96)),
    stage3=dict(num_channels=(48, 96, 192)),
    stage4=dict(num_channels=(48, 96, 192, 384)))
hrnet48 = dict(
    _base_.hrnet32,
    extra={name: dict(stage, **channels.get(name, {})) for name, stage in _base_.hrnet32.extra.items()},
    init_cfg=dict(type='Pretrained', checkpoint=f'{_base_.weights_folder}/hrnet_w48-8ef0771d.pth'))
