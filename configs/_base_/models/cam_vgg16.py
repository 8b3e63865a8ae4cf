# VGG16 of output stride 8: the last pooling has stride 1, the last stage is dilated.
_base_ = './cam_r50.py'
model = dict(
    backbone=dict(
        _delete_=True,
        type='VGG16',
        init_cfg=dict(
            type='Pretrained', checkpoint='https://download.pytorch.org/models/vgg16-397923af.pth')))
