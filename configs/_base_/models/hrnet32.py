# HRNet-W32 whose last module returns only its finest branch, as in BESTIE: `backbone=dict(_delete_=True, **_base_.hrnet32)`.
#
# Its ImageNet weights are those that BESTIE starts from; mmdet's `open-mmlab://msra/hrnetv2_w32` are others.
weights_folder = 'https://download.openmmlab.com/mmpose/pretrain_models'
hrnet32 = dict(
    type='HRNet',
    norm_eval=False,
    multiscale_output=False,
    extra=dict(
        stage1=dict(num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(4, ), num_channels=(64, )),
        stage2=dict(num_modules=1, num_branches=2, block='BASIC', num_blocks=(4, 4), num_channels=(32, 64)),
        stage3=dict(num_modules=4, num_branches=3, block='BASIC', num_blocks=(4, 4, 4), num_channels=(32, 64, 128)),
        stage4=dict(
            num_modules=3,
            num_branches=4,
            block='BASIC',
            num_blocks=(4, 4, 4, 4),
            num_channels=(32, 64, 128, 256))),
    init_cfg=dict(type='Pretrained', checkpoint=f'{weights_folder}/hrnet_w32-36af842e.pth'))
