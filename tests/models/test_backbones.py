"""Backbones of our own, and finding out what a backbone gives."""

import pytest
import torch
from mmengine.registry import MODELS, init_default_scope

from projects.wsis.models.backbones import StridedMobileNetV2
from projects.wsis.models.feature_levels import build_backbone, exclude_unused, infer_feature_levels, prepare_backbone
from projects.wsis.ops import strided_size


def hrnet_extra():
    stages = {'stage1': dict(num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(1,), num_channels=(8,))}
    for branches in (2, 3, 4):
        stages[f'stage{branches}'] = dict(
            num_modules=1,
            num_branches=branches,
            block='BASIC',
            num_blocks=(1,) * branches,
            num_channels=(4, 8, 16, 32)[:branches],
        )
    return stages


BACKBONES = {
    'ResNet': (dict(type='ResNet', depth=18, base_channels=8), [(8, 4), (16, 8), (32, 16), (64, 32)]),
    'ResNet, stride 16': (
        dict(type='ResNet', depth=18, base_channels=8, strides=(1, 2, 2, 1)),
        [(8, 4), (16, 8), (32, 16), (64, 16)],
    ),
    'ResNetWithStem': (
        dict(type='ResNetWithStem', depth=18, base_channels=8, out_indices=(0, 2)),
        [(8, 4), (8, 4), (32, 16)],
    ),
    'MobileNetV2': (
        dict(type='MobileNetV2', widen_factor=0.25, out_indices=(1, 2, 4, 7)),
        [(8, 4), (8, 8), (24, 16), (1280, 32)],
    ),
    'HRNet': (dict(type='HRNet', extra=hrnet_extra()), [(4, 4), (8, 8), (16, 16), (32, 32)]),
    'SwinTransformer': (
        dict(type='SwinTransformer', embed_dims=8, depths=(1, 1, 1, 1), num_heads=(1, 2, 4, 8)),
        [(8, 4), (16, 8), (32, 16), (64, 32)],
    ),
    'mmseg.MobileNetV2': (
        dict(type='mmseg.MobileNetV2', widen_factor=0.25, strides=(1, 2, 2, 2, 1, 2, 1)),
        [(8, 4), (8, 8), (24, 16), (80, 32)],
    ),
    'mmseg.ResNetV1c': (
        dict(type='mmseg.ResNetV1c', depth=18, base_channels=8, stem_channels=8),
        [(8, 4), (16, 8), (32, 16), (64, 32)],
    ),
}


def build(cfg):
    init_default_scope('mmdet')
    backbone = MODELS.build(dict(cfg))
    backbone.eval()  # apart, as train() of these libraries returns nothing
    return backbone


@pytest.mark.parametrize('name', BACKBONES)
def test_levels_are_found_on_backbones_of_both_libraries(name):
    cfg, expected = BACKBONES[name]
    backbone = build(cfg)
    backbone.train()
    buffers = {key: value.clone() for key, value in backbone.state_dict().items()}
    assert infer_feature_levels(backbone) == expected
    assert backbone.training
    assert all(torch.equal(value, buffers[key]) for key, value in backbone.state_dict().items())


@pytest.mark.parametrize('size', [(101, 118), (128, 96), (33, 64)])
@pytest.mark.parametrize('name', BACKBONES)
def test_photos_of_any_size_give_maps_of_the_strides(name, size):
    cfg, expected = BACKBONES[name]
    backbone, plain = build(cfg), build(cfg)
    assert prepare_backbone(backbone) == expected
    assert backbone.state_dict().keys() == plain.state_dict().keys()
    plain.load_state_dict(backbone.state_dict())
    photos = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        levels = backbone(photos)
        assert [tuple(level.shape[-2:]) for level in levels] == [strided_size(size, stride) for _, stride in expected]
        if name != 'HRNet' or not any(length % 32 for length in size):  # nothing was padded
            assert all(torch.equal(*pair) for pair in zip(levels, plain(photos)))


def test_what_was_padded_for_is_that_of_the_padded_photo():
    cfg = BACKBONES['HRNet'][0]
    backbone, plain = build(cfg), build(cfg)
    plain.load_state_dict(backbone.state_dict())
    prepare_backbone(backbone)
    photo = torch.rand(1, 3, 40, 50, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for level, whole in zip(backbone(photo), plain(torch.nn.functional.pad(photo, (0, 14, 0, 24)))):
            assert torch.equal(level, whole[..., : level.shape[-2], : level.shape[-1]])


def test_parameters_of_unused_levels_are_not_trained():
    backbone = build(BACKBONES['SwinTransformer'][0])
    backbone.train()
    exclude_unused(backbone, lambda levels: [levels[-1]])
    frozen = {name for name, parameter in backbone.named_parameters() if not parameter.requires_grad}
    assert frozen == {f'norm{level}.{name}' for level in range(3) for name in ('weight', 'bias')}
    assert backbone.training and all(parameter.grad is None for parameter in backbone.parameters())
    exclude_unused(torch.nn.Identity(), lambda levels: levels)  # nothing to train


class Strange(torch.nn.Module):
    """A backbone whose outputs are given."""

    def __init__(self, outputs):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.outputs = outputs

    def forward(self, photo):
        return self.outputs


@pytest.mark.parametrize(
    'outputs, told',
    [
        ((torch.zeros(1, 9, 5),), r'gives a tuple with a tensor of shape \(1, 9, 5\), not a tuple of maps'),
        ([(torch.zeros(1, 4, 8, 8), torch.zeros(1, 4))], 'gives a list with a tuple with a tensor of shape'),
        (dict(a=torch.zeros(1, 4, 8, 8)), 'gives a dict, not a tuple of maps'),
        (torch.zeros(1, 4, 9, 9), r'gives a level of shape \(1, 4, 9, 9\) for an image of 128x128: the methods'),
        ((torch.zeros(1, 32, 32, 128),), r'need maps \(N, C, h, w\) of strides 1, 2, 4, 8, .* put channels last'),
    ],
)
def test_backbones_of_another_kind_get_one_line(outputs, told):
    with pytest.raises(ValueError, match=told) as caught:
        infer_feature_levels(Strange(outputs))
    assert '\n' not in str(caught.value) and 'The backbone Strange' in str(caught.value)


def test_levels_are_found_on_a_backbone_that_gives_one_tensor():
    backbone = torch.nn.Conv2d(3, 5, 3, stride=2, padding=1)
    assert infer_feature_levels(backbone) == [(5, 2)]


CSPNEXT = dict(type='mmdet.CSPNeXt', deepen_factor=0.167, widen_factor=0.125)


@pytest.mark.parametrize(
    ('backbone', 'reader', 'strides'),
    [
        (CSPNEXT, 'PanopticDeepLabHead', [4, 8, 16, 32]),
        (CSPNEXT, 'IRNetNeck', [4, 8, 16, 32]),  # three levels are enough, but pairs of pixels are of stride 4
        (CSPNEXT, 'SEAMHead', [8, 16, 32]),  # enough as it is
        (CSPNEXT, 'CAMHead', [8, 16, 32]),
        (dict(CSPNEXT, out_indices=(3, 4)), 'PanopticDeepLabHead', [16, 32]),  # what is chosen stays
        (dict(type='mmdet.EfficientNet', arch='b0'), 'SEAMHead', [4, 8, 16, 32]),
        (dict(type='VGG16'), 'IRNetNeck', None),  # takes no indices
    ],
)
def test_levels_that_are_read_are_asked_for(backbone, reader, strides):
    init_default_scope('mmdet')
    levels = infer_feature_levels(build_backbone(backbone, dict(type=reader)))
    assert strides is None or [level.stride for level in levels] == strides


def test_a_reader_with_too_few_levels_to_choose_from_says_so():
    init_default_scope('mmdet')
    config = dict(
        type='IRNet',
        backbone=dict(CSPNEXT, out_indices=(4,)),
        neck=dict(type='IRNetNeck'),
        head=dict(type='IRNetHead'),
    )
    with pytest.raises(ValueError, match='IRNetNeck takes 3 to 5 backbone levels, not 1: set out_indices'):
        MODELS.build(config)


@pytest.mark.parametrize('output_stride', [8, 16, 32])
def test_strided_mobilenet_has_mmdets_weights_and_its_own_strides(output_stride):
    arguments = dict(widen_factor=0.25, out_indices=(0, 1, 2, 3, 4, 5, 6, 7))
    original = build(dict(type='MobileNetV2', **arguments))
    ours = build(dict(type='StridedMobileNetV2', output_stride=output_stride, **arguments))
    shapes = {key: value.shape for key, value in ours.state_dict().items()}
    assert shapes == {key: value.shape for key, value in original.state_dict().items()}
    ours.load_state_dict(original.state_dict())
    strides = [level.stride for level in infer_feature_levels(original)]
    assert strides == [2, 4, 8, 16, 16, 32, 32, 32]
    assert [level.stride for level in infer_feature_levels(ours)] == [min(stride, output_stride) for stride in strides]
    photo = torch.rand(1, 3, 64, 48, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        pairs = list(zip(ours(photo), original(photo)))
    for (found, expected), stride in zip(pairs, strides):
        assert stride > output_stride or torch.equal(found, expected)


def test_strided_mobilenet_skips_no_pixel_with_its_last_strides_removed():
    # without the stride every second pixel of the finer map is what the original gives (no dilation takes its place)
    arguments = dict(widen_factor=0.25, out_indices=(5,))
    original = build(dict(type='MobileNetV2', **arguments))
    ours = build(dict(type='StridedMobileNetV2', output_stride=16, **arguments))
    first = ours.layer6[0]
    reference = original.layer6[0]
    first.load_state_dict(reference.state_dict())
    features = torch.rand(1, reference.expand_conv.conv.in_channels, 8, 6, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(first(features)[..., ::2, ::2], reference(features))


def make_stem_hard(backbone):
    """Give a channel of the widest map of the stem a mean of 1555 times its deviation, as ImageNet weights have it."""
    norm = backbone.layer2[0].expand_conv.bn
    with torch.no_grad():
        norm.weight.fill_(1)
        norm.running_mean[0], norm.running_var[0] = -77, 0.0024
        backbone.layer2[0].expand_conv.conv.weight[0] = -77 / backbone.layer2[0].expand_conv.conv.in_channels


@pytest.mark.parametrize('frozen', [False, True])  # as the backbone of an IRNet is
@pytest.mark.parametrize('batch_size', [1, 3])
def test_stem_of_strided_mobilenet_calculates_in_float32_in_mixed_precision_too(batch_size, frozen):
    torch.manual_seed(0)
    backbone = build(dict(type='StridedMobileNetV2', widen_factor=0.25, out_indices=(0, 1, 2), norm_eval=True))
    make_stem_hard(backbone)
    backbone.train(not frozen)
    photos = torch.rand(batch_size, 3, 64, 48, generator=torch.Generator().manual_seed(0))
    with torch.set_grad_enabled(not frozen):
        exact = backbone(photos)
        with torch.autocast('cpu', dtype=torch.bfloat16):
            mixed = backbone(photos)
            assert torch.is_autocast_enabled('cpu')
    assert [level.dtype for level in mixed] == [torch.float32, torch.float32, torch.bfloat16]
    assert torch.equal(mixed[0], exact[0]) and torch.equal(mixed[1], exact[1])
    error = (mixed[2].float() - exact[2]).norm() / exact[2].norm()
    assert 0 < error < 0.02


def test_strided_mobilenet_does_not_run_what_comes_after_its_last_level():
    arguments = dict(widen_factor=0.25, out_indices=(2, 4))
    original = build(dict(type='MobileNetV2', **arguments))
    ours = build(dict(type='StridedMobileNetV2', output_stride=32, **arguments))
    ours.load_state_dict(original.state_dict())
    for later in (ours.layer6, ours.layer7, ours.conv2):
        later.register_forward_hook(lambda *_: pytest.fail('a layer ran in vain'))
    photos = torch.rand(2, 3, 64, 48, generator=torch.Generator().manual_seed(0))
    ours.train()
    original.train()
    for found, expected in zip(ours(photos), original(photos), strict=True):
        assert torch.equal(found, expected)


@pytest.mark.parametrize('output_stride', [4, 12, 64, None])
def test_strided_mobilenet_refuses_other_strides(output_stride):
    with pytest.raises(ValueError, match='output_stride is 8, 16 or 32'):
        StridedMobileNetV2(output_stride=output_stride)


@pytest.mark.parametrize('batch_size', [1, 3])
def test_resnet_with_stem_gives_what_resnet_takes_into_its_first_stage(batch_size):
    arguments = dict(depth=18, base_channels=8, stem_channels=6)
    original = build(dict(type='ResNet', **arguments))
    ours = build(dict(type='ResNetWithStem', **arguments))
    ours.load_state_dict(original.state_dict())
    photos = torch.rand(batch_size, 3, 45, 70, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        stem, *stages = ours(photos)
        expected = original.maxpool(original.relu(original.norm1(original.conv1(photos))))
        assert torch.equal(stem, expected) and stem.shape == (batch_size, 6, 12, 18)
        assert len(stages) == 4
        assert all(torch.equal(*pair) for pair in zip(stages, original(photos)))
        ours(photos)  # the hook of the first call is gone
    assert not ours.layer1._forward_pre_hooks


@pytest.mark.parametrize('out_indices', [(1, 6), (1, 2, 4, 7)])
def test_every_trained_layer_of_mobilenet_gets_a_gradient(out_indices):
    backbone = StridedMobileNetV2(out_indices=out_indices, frozen_stages=0)
    backbone.train()
    sum(level.sum() for level in backbone(torch.randn(2, 3, 64, 64))).backward()
    trained = [parameter for parameter in backbone.parameters() if parameter.requires_grad]
    assert trained and all(parameter.grad is not None for parameter in trained)


TRANSFORMERS = {
    'Swin': dict(
        type='mmdet.SwinTransformer', embed_dims=8, depths=(1, 1, 1), num_heads=(1, 2, 4), out_indices=(0, 1, 2)
    ),
    'PVTv2': dict(type='mmdet.PyramidVisionTransformerV2', embed_dims=8, num_layers=[1, 1, 1, 1]),
    'ViT': dict(
        type='mmseg.VisionTransformer', img_size=(32, 32), patch_size=8, embed_dims=16, num_layers=3, num_heads=2
    ),
}


@pytest.mark.parametrize('config', TRANSFORMERS.values(), ids=TRANSFORMERS)
def test_weights_of_a_classifier_are_loaded_by_their_prefix(config, tmp_path):
    init_default_scope('mmdet')
    source = MODELS.build(config)
    torch.save(
        {'state_dict': {f'backbone.{key}': value for key, value in source.state_dict().items()}}, tmp_path / 'a.pth'
    )
    weights = dict(type='Pretrained', checkpoint=str(tmp_path / 'a.pth'), prefix='backbone.')
    backbone = build_backbone(dict(config, init_cfg=weights), reader=dict(type='CAMHead'))
    backbone.init_weights()
    loaded = backbone.state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in source.state_dict().items())
