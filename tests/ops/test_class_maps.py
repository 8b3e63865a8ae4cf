"""Normalising, cleaning and correlating class maps."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from projects.wsis.ops import pixel_correlation as correlation_module
from projects.wsis.ops.class_maps import (
    clean_maps,
    keep_strongest,
    max_norm,
    resize_aligned,
    score_maps,
    with_background,
)
from projects.wsis.ops.pixel_correlation import pixel_correlation

GOLDEN = Path(__file__).parents[1] / 'data' / 'golden'
TIGHT = dict(rtol=1e-5, atol=1e-6)


def read(name):
    with np.load(GOLDEN / f'{name}.npz', allow_pickle=False) as stored:
        return {key: torch.from_numpy(stored[key]) for key in stored.files if stored[key].ndim}


@pytest.fixture(scope='module')
def golden():
    return {**read('seam_losses'), **read('seam_maps')}


def test_golden_max_norm(golden):
    assert_close(max_norm(golden['cam2']), golden['max_norm_cam2'], **TIGHT)
    assert_close(max_norm(golden['max_norm3_in']), golden['max_norm3_out'], **TIGHT)
    scaled = resize_aligned(max_norm(golden['cam1']), golden['cam2'].shape[-2:])
    assert_close(scaled, golden['max_norm_cam1_scaled'], **TIGHT)


def test_golden_strongest_class_with_background(golden):
    mask = F.pad(golden['image_label'], (1, 0), value=1.0)[:, :, None, None]
    masked = golden['max_norm_cam1_scaled'] * mask
    assert_close(with_background(masked), golden['onehot_in1'], **TIGHT)
    assert_close(keep_strongest(golden['onehot_in1']), golden['onehot_out1'], **TIGHT)


def test_golden_clean_up(golden):
    assert_close(clean_maps(golden['clean_in']), golden['clean_out'], **TIGHT)


@pytest.mark.parametrize('highest', [-1e-5, -1.0, 0.0])
def test_a_map_without_response_is_clean(highest):
    maps = torch.full((1, 3, 4, 5), highest)
    maps[:, :, 0] -= 1
    clean = clean_maps(maps)
    assert (clean[:, 0] == 1).all() and (clean[:, 1:] == 0).all()


def test_golden_pixel_correlation_with_gradients(golden):
    maps, features, weight = (
        golden[name].clone().requires_grad_() for name in ('pcm_cam', 'pcm_feat', 'pcm_f9_weight')
    )
    out = pixel_correlation(maps, F.conv2d(features, weight))
    assert_close(out, golden['pcm_out'], **TIGHT)
    (out * golden['pcm_cotangent']).sum().backward()
    for found, name in ((maps, 'pcm_grad_cam'), (features, 'pcm_grad_feat'), (weight, 'pcm_grad_f9_weight')):
        scale = golden[name].abs().max()
        assert_close(found.grad / scale, golden[name] / scale, rtol=1e-4, atol=1e-5)


def test_golden_pixel_correlation_of_smaller_maps(golden):
    features = F.conv2d(golden['pcm_feat'], golden['pcm_f9_weight'])
    assert_close(pixel_correlation(golden['pcm_small_cam'], features), golden['pcm_small_out'], **TIGHT)


@pytest.mark.parametrize('batch', [1, 3])
def test_correlation_in_chunks_is_the_same(batch, monkeypatch):
    generator = torch.Generator().manual_seed(0)
    maps = torch.rand(batch, 4, 7, 9, generator=generator, dtype=torch.float64)
    features = torch.randn(batch, 9, 7, 5, generator=generator, dtype=torch.float64).repeat(1, 1, 1, 2)[..., :9]
    whole = pixel_correlation(maps, features)
    monkeypatch.setattr(correlation_module, 'CHUNK_ELEMENTS', 63 * batch * 10)
    assert_close(pixel_correlation(maps, features), whole)


def test_correlation_is_a_weighted_mean_that_like_pixels_share():
    # two groups of pixels with orthogonal features: each takes the mean of its group
    features = torch.zeros(1, 2, 2, 4)
    features[:, 0, :, :2], features[:, 1, :, 2:] = 3.0, 0.5
    maps = torch.arange(8.0).view(1, 1, 2, 4)
    out = pixel_correlation(maps, features)
    expected = torch.tensor([2.5, 2.5, 4.5, 4.5]).expand(1, 1, 2, 4)
    assert_close(out, expected, rtol=1e-4, atol=1e-4)
    constant = pixel_correlation(torch.full((1, 1, 2, 4), 0.7), torch.rand(1, 5, 2, 4))
    assert_close(constant, torch.full((1, 1, 2, 4), 0.7), rtol=1e-4, atol=1e-4)


def test_correlation_gradcheck_and_strides():
    generator = torch.Generator().manual_seed(1)
    maps = torch.rand(2, 2, 3, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    features = torch.randn(2, 4, 3, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(pixel_correlation, (maps, features))
    turned = maps.detach().mT.contiguous().mT
    assert_close(pixel_correlation(turned, features), pixel_correlation(maps, features))


def test_maps_without_response():
    maps = -torch.rand(2, 3, 5, 4)
    assert not max_norm(maps).any()
    scores = score_maps(maps, 0.2)
    assert_close(scores[:, 0], torch.full((2, 5, 4), 0.2))
    assert_close(scores[:, 1:], -torch.ones(2, 2, 5, 4))
    clean = clean_maps(maps)
    assert not clean[:, 1:].any() and clean[:, 0].eq(1).all()


def test_clean_maps_have_one_foreground_class_a_pixel():
    clean = clean_maps(torch.randn(3, 6, 8, 7, generator=torch.Generator().manual_seed(0)))
    assert ((clean[:, 1:] > 0).sum(1) <= 1).all() and clean.min() >= 0 and clean.max() <= 1
    assert_close(clean[:, 0], 1 - clean[:, 1:].amax(1))
