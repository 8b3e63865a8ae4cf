# BESTIE on ResNet-101. To convert weights of the official code: convert_reference.py --from bestie-r101
_base_ = './bestie_r50_50k_voc2012.py'
model = dict(
    backbone=dict(
        depth=101,
        init_cfg=dict(
            type='Pretrained', checkpoint='https://download.pytorch.org/models/resnet101-63fe2227.pth')))
