"""Batch norms that become part of convolutions: the same maps, and none of those that cannot."""

import pytest
import torch
from mmcv.cnn import ConvModule
from mmengine.registry import MODELS, init_default_scope
from torch import nn

from projects.wsis.models.folded_norms import fold_norms, has_foldable_norm

NORM = dict(type='BN')


def spread_statistics(model):
    """Give batch norms statistics and weights as of a network that has been trained."""
    generator = torch.Generator().manual_seed(0)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d) and module.running_mean is not None:
            module.running_mean.normal_(0, 0.5, generator=generator)
            module.running_var.uniform_(0.2, 2, generator=generator)
        if isinstance(module, nn.BatchNorm2d) and module.affine:
            nn.init.uniform_(module.weight, 0.5, 1.5, generator=generator)
            nn.init.normal_(module.bias, 0, 0.5, generator=generator)
    model.eval()  # apart, as train() of these libraries returns nothing
    return model


@pytest.mark.parametrize('batch_size', [1, 3])
def test_maps_of_a_mobilenet_stay_the_same(batch_size):
    init_default_scope('mmdet')
    model = spread_statistics(MODELS.build(dict(type='StridedMobileNetV2', out_indices=(1, 4, 7), widen_factor=0.5)))
    photos = torch.randn(batch_size, 3, 70, 50, generator=torch.Generator().manual_seed(1))[..., ::2]
    with torch.no_grad():
        plain = model(photos)
        model.fold_norms()
        folded = model(photos)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in model.modules())
    for found, expected in zip(folded, plain, strict=True):
        assert float((found - expected).abs().max() / expected.abs().max()) < 2e-6
    assert fold_norms(model) == 0


def test_a_map_by_hand():
    module = ConvModule(1, 1, 1, norm_cfg=NORM, act_cfg=None).eval()
    nn.init.constant_(module.conv.weight, 3)
    nn.init.constant_(module.bn.weight, 2)
    nn.init.constant_(module.bn.bias, 1)
    module.bn.running_mean.fill_(5)
    module.bn.running_var.fill_(4 - module.bn.eps)
    assert fold_norms(nn.Sequential(module)) == 1
    assert (module.conv.weight.item(), module.conv.bias.item()) == (3, -4)  # 2 * (3 x - 5) / 2 + 1
    assert module(torch.full((1, 1, 1, 1), 2.0)).item() == 2


@pytest.mark.parametrize(
    'module',
    [
        ConvModule(2, 2, 1),
        ConvModule(2, 2, 1, norm_cfg=dict(type='GN', num_groups=1)),
        ConvModule(2, 2, 1, norm_cfg=dict(type='BN', track_running_stats=False)),
        ConvModule(2, 2, 1, norm_cfg=dict(type='BN', affine=False)),
        ConvModule(2, 2, 1, norm_cfg=NORM, with_spectral_norm=True),
        ConvModule(2, 2, 1, norm_cfg=NORM, order=('norm', 'conv', 'act')),
        ConvModule(2, 2, 1, norm_cfg=NORM, order=('conv', 'act', 'norm')),
        ConvModule(2, 2, 1, norm_cfg=NORM, conv_cfg=dict(type='ConvAWS')),
        nn.Sequential(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2)),  # who else reads the maps is not known
    ],
    ids=[
        'no norm',
        'group norm',
        'no statistics',
        'no weights',
        'spectral norm',
        'norm first',
        'activation between',
        'other weights',
        'no ConvModule',
    ],
)
def test_other_norms_stay(module):
    model = spread_statistics(nn.Sequential(module))
    maps = torch.randn(1, 2, 5, 4, generator=torch.Generator().manual_seed(0))
    expected = model(maps)
    assert not (isinstance(module, ConvModule) and has_foldable_norm(module))
    assert fold_norms(model) == 0
    assert torch.equal(model(maps), expected)
