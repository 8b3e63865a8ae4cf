# The ResNet-38 of PSA, SEAM, EPS and PPC, for any of the models: `backbone=dict(_delete_=True, **_base_.resnet38)`. Output
# stride 8, stem and first stage frozen, and every batch normalisation fixed, weights included.
# Weights: the official ImageNet file converted by
#   python tools/model_converters/convert_reference.py --from resnet38 IN checkpoints/resnet38_imagenet.pth
resnet38 = dict(
    type='ResNet38',
    frozen_stages=1,
    norm_cfg=dict(type='BN', requires_grad=False),
    norm_eval=True,
    init_cfg=dict(type='Pretrained', checkpoint='checkpoints/resnet38_imagenet.pth'))
