# The ResNet-101 of PPC's DeepLab, for `backbone=dict(_delete_=True, **_base_.r101_deep_stem)`: a stem of three 3x3
# convolutions, output stride 8 where the first block of a dilated stage has half of its dilation. Batch normalisation goes by
# the batch, its weights and biases are fixed, and nothing is frozen, because that code never calls train().
# Weights: resnet101s-03a0f310 of PyTorch-Encoding converted by
#   python tools/model_converters/convert_reference.py --from resnet101s IN checkpoints/resnet101s_imagenet.pth
r101_deep_stem = dict(
    type='mmseg.ResNetV1c',
    depth=101,
    stem_channels=128,
    strides=(1, 2, 1, 1),
    dilations=(1, 1, 2, 4),
    contract_dilation=True,
    out_indices=(3, ),
    norm_cfg=dict(type='BN', requires_grad=False),
    init_cfg=dict(type='Pretrained', checkpoint='checkpoints/resnet101s_imagenet.pth'))
