# BESTIE on HRNet-W48. Weights of the public code: convert_reference.py --from bestie-hrnet48
_base_ = './bestie_hrnet32_50k_voc2012.py'
model = dict(
    backbone=dict(
        extra=dict(
            stage2=dict(num_channels=(48, 96)),
            stage3=dict(num_channels=(48, 96, 192)),
            stage4=dict(num_channels=(48, 96, 192, 384))),
        init_cfg=dict(type='Pretrained', checkpoint='open-mmlab://msra/hrnetv2_w48')))
