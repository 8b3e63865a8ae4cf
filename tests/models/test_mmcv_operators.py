"""What mmcv's operators read in models with channels last or in mixed precision, on a CPU."""

import copy

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope

from projects.wsis.apis.configs import load_config
from projects.wsis.models.channels_last import lay_out_channels_last
from projects.wsis.models.mmcv_operators import prepare_for_operators

EXTRACTOR = dict(
    type='SingleRoIExtractor',
    roi_layer=dict(type='RoIAlign', output_size=3, sampling_ratio=0),
    out_channels=4,
    featmap_strides=[4, 8],
)


@pytest.fixture(autouse=True)
def of_mmdet():
    init_default_scope('mmdet')
    torch.manual_seed(0)


def extract(extractor, levels):
    regions = torch.tensor([[0, 3.0, 2.0, 30.0, 41.0], [1, 8.0, 8.0, 60.0, 64.0], [0, 0.0, 0.0, 64.0, 64.0]])
    return extractor(levels, regions)


def test_regions_of_any_layout_and_precision_are_read():
    levels = [torch.randn(2, 4, 16, 16), torch.randn(2, 4, 8, 8)]
    plain = MODELS.build(EXTRACTOR)
    prepared = copy.deepcopy(plain)
    prepare_for_operators(prepared)
    expected = extract(plain, levels)
    laid_out = [level.to(memory_format=torch.channels_last) for level in levels]
    torch.testing.assert_close(extract(prepared, laid_out), expected)
    torch.testing.assert_close(extract(prepared, laid_out), extract(prepared, levels), rtol=0, atol=0)
    rounded = [level.bfloat16() for level in laid_out]
    found = extract(prepared, rounded)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, extract(plain, [level.float().contiguous() for level in rounded]))


def test_gradients_reach_the_maps_as_before():
    level = torch.randn(2, 4, 16, 16)
    plain = MODELS.build({**EXTRACTOR, 'featmap_strides': [4]})
    prepared = copy.deepcopy(plain)
    prepare_for_operators(prepared)
    gradients = []
    for extractor, layout in ((plain, torch.contiguous_format), (prepared, torch.channels_last)):
        given = level.clone(memory_format=layout).requires_grad_()
        extract(extractor, [given]).pow(2).sum().backward()
        gradients.append(given.grad)
    torch.testing.assert_close(*gradients)


def test_models_without_operators_stay_as_they_are():
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU())
    prepare_for_operators(model)
    assert not any(module._forward_pre_hooks or module._forward_hooks for module in model.modules())


def build_detector():
    """The demo's detector."""
    cfg = load_config('configs/mask_rcnn/mask-rcnn_r18_6e_demo.py', {'model.backbone.init_cfg': None})
    return MODELS.build(ConfigDict(cfg.model))


def train_step_losses(model, mixed):
    """Losses of a step, with the regions to learn from drawn from a fixed seed."""
    from mmdet.testing import demo_mm_inputs

    batch = demo_mm_inputs(2, [[3, 64, 96], [3, 64, 80]], num_classes=3, with_mask=True)
    torch.manual_seed(1)
    with torch.autocast('cpu', dtype=torch.bfloat16, enabled=mixed):
        losses = model(**model.data_preprocessor(batch, True), mode='loss')
        total, parsed = model.parse_losses(losses)
    total.backward()
    return parsed


def test_a_detector_trains_as_before():
    plain = build_detector().train()
    laid_out = copy.deepcopy(plain)
    lay_out_channels_last(laid_out)
    prepare_for_operators(laid_out)
    mixed = copy.deepcopy(laid_out)
    expected, found = train_step_losses(plain, False), train_step_losses(laid_out, False)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-3, atol=1e-4)
    weights = plain.rpn_head.rpn_conv.weight, laid_out.rpn_head.rpn_conv.weight
    assert (weights[0].grad - weights[1].grad).norm() < 1e-2 * weights[0].grad.norm()
    for name, value in train_step_losses(mixed, True).items():
        assert value.isfinite() and abs(value - expected[name]) < 0.1 * max(1.0, abs(expected[name])), name
