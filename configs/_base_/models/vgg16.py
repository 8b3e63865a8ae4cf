# VGG16 of output stride 8: the last pooling has stride 1, the last stage is dilated. `backbone=dict(_delete_=True,
# **_base_.vgg16)`.
vgg16 = dict(
    type='VGG16',
    init_cfg=dict(type='Pretrained', checkpoint='https://download.pytorch.org/models/vgg16-397923af.pth'))
