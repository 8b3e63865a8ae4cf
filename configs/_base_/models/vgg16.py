# VGG16 of output stride 8: the last pooling has stride 1, the last stage is dilated. `backbone=dict(_delete_=True,
# **_base_.vgg16)`. Weights: a file or URL with the keys of torchvision's VGG16 (`features.0.weight`), of half or full
# precision; fully connected layers are not used. Choose another file by `--cfg-options
# model.backbone.init_cfg.checkpoint=FILE`.
vgg16 = dict(
    type='VGG16',
    init_cfg=dict(type='Pretrained', checkpoint='https://download.pytorch.org/models/vgg16-397923af.pth'))
# For two CPU cores: output stride 16 without dilation. The first three stages, which take most of the time, are fixed.
vgg16_light = dict(vgg16, strides=(1, 2, 2, 2, 2), dilations=(1, ) * 5, frozen_stages=2)
