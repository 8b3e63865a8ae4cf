"""SEAM's losses between two views: golden values and gradients, properties, bad settings."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

from projects.wsis.models.heads.seam_head import ClassMaps, SEAMHead
from projects.wsis.models.losses import (
    AdaptiveMinPoolingLoss,
    EquivariantCrossRegularizationLoss,
    EquivariantRegularizationLoss,
)

GOLDEN = Path(__file__).parents[2] / 'data' / 'golden'
MAPS = ('cam1', 'cam_rv1', 'cam2', 'cam_rv2')


@pytest.fixture(scope='module')
def golden():
    arrays = {}
    for name in ('seam_losses', 'seam_gradients'):
        with np.load(GOLDEN / f'{name}.npz', allow_pickle=False) as stored:
            arrays.update({key: torch.from_numpy(stored[key]) for key in stored.files})
    return arrays


@pytest.fixture(scope='module')
def result(golden):
    """Losses of the golden maps, and the leaves that hold their gradients."""
    leaves = {name: golden[name].clone().requires_grad_() for name in MAPS}
    head = SEAMHead(20, [4, 4, 4])
    losses = head.loss(
        ClassMaps(leaves['cam1'], leaves['cam_rv1']),
        ClassMaps(leaves['cam2'], leaves['cam_rv2']),
        golden['image_label'],
    )
    sum(losses.values()).backward()
    return losses, leaves


def test_golden_values(golden, result):
    losses, _ = result
    close = dict(rtol=1e-5, atol=1e-7)
    assert set(losses) == {'loss_cls', 'loss_min_pooling', 'loss_er', 'loss_ecr'}
    assert_close(losses['loss_er'], golden['loss_er'], **close)
    assert_close(losses['loss_ecr'], golden['loss_ecr'], **close)
    assert_close(losses['loss_cls'], (golden['loss_cls1'] + golden['loss_cls2']) / 2, **close)
    assert_close(losses['loss_min_pooling'], (golden['loss_rvmin1'] + golden['loss_rvmin2']) / 2, **close)
    assert_close(sum(losses.values()), golden['loss'], **close)


@pytest.mark.parametrize('name', MAPS)
def test_golden_gradients(golden, result, name):
    expected = golden[f'grad_loss_{name}']
    scale = expected.abs().max()
    assert_close(result[1][name].grad / scale, expected / scale, rtol=1e-4, atol=1e-5)


def test_equal_views_differ_in_nothing():
    maps = torch.rand(2, 5, 8, 8)
    assert EquivariantRegularizationLoss()(maps, maps) == 0
    # a pixel of one strongest class at 1: raw and refined maps agree
    maps = torch.zeros(2, 5, 8, 8)
    maps[:, 2, :4], maps[:, 0, 4:] = 1.0, 1.0
    assert EquivariantCrossRegularizationLoss()(maps, maps) == 0


def test_cross_regularization_teaches_the_refined_maps_only():
    raw, refined = (torch.rand(2, 5, 8, 8, requires_grad=True) for _ in range(2))
    EquivariantCrossRegularizationLoss()(raw, refined).backward()
    assert raw.grad is None
    assert (refined.grad != 0).sum() == 2 * int(5 * 64 * 0.2)


def test_min_pooling_by_hand():
    maps = torch.tensor([[[[4.0, 1.0], [3.0, 2.0]], [[0.0, 0.5], [0.0, 9.0]]]])
    assert AdaptiveMinPoolingLoss()(maps) == 1.0  # the lowest of 4, 1, 3, 9
    assert AdaptiveMinPoolingLoss(fraction=0.5)(maps) == 2.0
    assert AdaptiveMinPoolingLoss()(-maps) == 0
    assert AdaptiveMinPoolingLoss()(torch.ones(1, 3, 1, 1)) == 1.0  # fewer than four pixels


@pytest.mark.parametrize('name', ['AdaptiveMinPoolingLoss', 'EquivariantCrossRegularizationLoss'])
def test_bad_fraction(name):
    with pytest.raises(ValueError, match=rf'fraction of {name} is in \(0, 1\], not 0'):
        MODELS.build(dict(type=name, fraction=0))


@pytest.mark.parametrize('tags', [torch.zeros(1, 4), torch.ones(1, 4), torch.eye(4)[:1]])
def test_batch_of_one_with_no_one_and_all_classes(tags):
    head = SEAMHead(4, [4, 4, 4])
    maps = [
        ClassMaps(torch.randn(1, 5, side, side, requires_grad=True), torch.rand(1, 5, side, side)) for side in (9, 4)
    ]
    total = sum(head.loss(*maps, tags).values())
    total.backward()
    assert torch.isfinite(total) and all(view.raw.grad.isfinite().all() for view in maps)


def test_levels_that_are_not_there():
    with pytest.raises(ValueError, match='reads level -3, but the backbone gives 2'):
        SEAMHead(4, [4, 4])
    with pytest.raises(ValueError, match=r'has 2 branches \(64, 128\) for 1 low levels'):
        SEAMHead(4, [4, 4], low_levels=(-2,))
