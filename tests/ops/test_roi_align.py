"""RoIAlign in plain torch, against mmcv's operator and by hand."""

import importlib

import pytest
import torch
import torch.nn.functional as F
from compiled_operators import needs_operators

from projects.wsis.ops import roi_align

roi_align_module = importlib.import_module('projects.wsis.ops.roi_align')


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def draw_regions(number, images, side):
    """Regions of all sizes, some of them beyond the border."""
    corners = torch.rand(number, 2) * side * 1.2 - side * 0.1
    sizes = torch.rand(number, 2) ** 2 * side
    return torch.cat([torch.randint(0, images, (number, 1)).float(), corners, corners + sizes], dim=1)


@needs_operators
@pytest.mark.parametrize('images', [1, 3])
@pytest.mark.parametrize('sampling_ratio', [0, 1, 2])
@pytest.mark.parametrize('aligned', [True, False])
@pytest.mark.parametrize('output_size', [(7, 7), (2, 5)])
def test_bins_and_gradients_are_those_of_mmcv(images, sampling_ratio, aligned, output_size):
    from mmcv import ops

    maps = torch.randn(images, 5, 20, 33)
    regions = draw_regions(40, images, 120)
    expected_of, found_of = maps.clone().requires_grad_(), maps.clone().requires_grad_()
    expected = ops.roi_align(expected_of, regions, output_size, 0.25, sampling_ratio, 'avg', aligned)
    found = roi_align(found_of, regions, output_size, 0.25, sampling_ratio, aligned)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    direction = torch.randn(expected.shape)
    expected.backward(direction)
    found.backward(direction)
    torch.testing.assert_close(found_of.grad, expected_of.grad, rtol=1e-4, atol=1e-5)


def test_a_case_by_hand():
    maps = torch.arange(12.0).view(1, 1, 3, 4)  # the value is 4 y + x
    # two bins beside each other, each with one sample in its middle: (y, x) = (1, .5) and (1, 1.5)
    found = roi_align(maps, torch.tensor([[0, 0.5, 0.5, 2.5, 2.5]]), (1, 2), sampling_ratio=1)
    assert found.tolist() == [[[[4.5, 5.5]]]]


def test_the_mean_of_samples():
    maps = torch.tensor([0.0, 8, 0, 0]).view(1, 1, 1, 4)
    # along x the samples lie at 0, 1, 2 and 3
    found = roi_align(maps, torch.tensor([[0, 0.0, 0, 4, 1]]), (1, 1), sampling_ratio=0)
    assert found.item() == 2


def test_constant_maps_stay_constant_within_the_maps():
    maps = torch.full((2, 3, 12, 16), 2.5)
    regions = draw_regions(20, 2, 8).clamp(0, 11)
    regions[:, 3:] = torch.maximum(regions[:, 3:], regions[:, 1:3] + 0.1)
    for sampling_ratio in (0, 3):
        found = roi_align(maps, regions, (3, 3), sampling_ratio=sampling_ratio)
        torch.testing.assert_close(found, torch.full((20, 3, 3, 3), 2.5))


def test_order_and_batch_do_not_matter():
    maps, regions = torch.randn(3, 4, 16, 16), draw_regions(30, 3, 16)
    together = roi_align(maps, regions, (4, 4))
    for image in range(3):
        own = regions[:, 0] == image
        alone = regions[own].clone()
        alone[:, 0] = 0
        torch.testing.assert_close(roi_align(maps[image : image + 1], alone, (4, 4)), together[own])
    order = torch.randperm(30)
    torch.testing.assert_close(roi_align(maps, regions[order], (4, 4)), together[order])


@pytest.mark.parametrize('sampling_ratio', [0, 2])
def test_parts_of_any_size(monkeypatch, sampling_ratio):
    maps, regions = torch.randn(2, 4, 16, 16), draw_regions(30, 2, 16)
    expected = roi_align(maps, regions, (3, 2), sampling_ratio=sampling_ratio)
    for most in (1, 500):
        monkeypatch.setattr(roi_align_module, 'MOST_PIXELS', most)
        torch.testing.assert_close(roi_align(maps, regions, (3, 2), sampling_ratio=sampling_ratio), expected)


def test_large_regions_are_gathered_in_parts(monkeypatch):
    """Masks of whole photos, as mmdet cuts out its targets."""
    gathered = []
    original = F.embedding_bag
    monkeypatch.setattr(
        F,
        'embedding_bag',
        lambda places, *rest, **more: gathered.append(places.numel()) or original(places, *rest, **more),
    )
    masks = torch.zeros(6, 1, 600, 700)
    masks[:, :, 100:500, 100:600] = 1
    regions = torch.tensor([[index % 6, 50.0, 60, 650, 560] for index in range(20)])
    found = roi_align(masks, regions, (28, 28))
    assert len(gathered) > 1 and max(gathered) <= roi_align_module.MOST_PIXELS
    torch.testing.assert_close(found[:, 0, 14, 14], torch.ones(20))
    assert not found[:, 0, 0, 0].any()


def test_regions_have_no_gradients():
    regions = torch.tensor([[0, 1.0, 1, 6, 6]], requires_grad=True)
    maps = torch.randn(1, 2, 8, 8, requires_grad=True)
    roi_align(maps, regions, (2, 2), sampling_ratio=2).sum().backward()
    assert regions.grad is None and maps.grad.abs().sum() > 0


def test_any_memory_layout():
    maps, regions = torch.randn(2, 4, 16, 20), draw_regions(10, 2, 16)
    expected = roi_align(maps, regions, (3, 3))
    laid_out = maps.to(memory_format=torch.channels_last)
    assert torch.equal(roi_align(laid_out, regions, (3, 3)), expected)
    cut = torch.randn(2, 4, 32, 20)[:, :, ::2]
    cut.copy_(maps)
    assert torch.equal(roi_align(cut, regions, (3, 3)), expected)
    assert expected.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize('sampling_ratio', [0, 2])
def test_gradients(sampling_ratio):
    maps = torch.randn(2, 2, 5, 6, dtype=torch.float64, requires_grad=True)
    regions = draw_regions(4, 2, 6)
    assert torch.autograd.gradcheck(lambda maps: roi_align(maps, regions, (2, 3), 1.0, sampling_ratio), maps)


def test_regions_far_outside_or_without_an_area_are_zero():
    maps = torch.ones(1, 2, 8, 8)
    regions = torch.tensor([[0, 20.0, 20, 30, 30], [0, 3.0, 3, 3, 3], [0, 5.0, 5, 2, 2]])
    assert not roi_align(maps, regions, (2, 2)).any()
    assert not roi_align(maps, regions[:1], (2, 2), sampling_ratio=2).any()
    assert not roi_align(maps, torch.full((1, 5), float('nan')).index_fill(1, torch.tensor(0), 0), (2, 2)).any()


def test_no_regions():
    maps = torch.ones(1, 3, 8, 8, requires_grad=True)
    for sampling_ratio in (0, 2):
        found = roi_align(maps, torch.zeros(0, 5), (2, 4), sampling_ratio=sampling_ratio)
        assert found.shape == (0, 3, 2, 4)
        found.sum().backward()
        assert not maps.grad.any()


@pytest.mark.parametrize('maps, regions', [((3, 8, 8), (1, 5)), ((1, 3, 8, 8), (1, 4)), ((1, 3, 8, 8), (5,))])
def test_bad_shapes(maps, regions):
    with pytest.raises(ValueError, match=r'roi_align needs maps \(N, C, H, W\) and regions \(R, 5\), got'):
        roi_align(torch.zeros(maps), torch.zeros(regions), (2, 2))
