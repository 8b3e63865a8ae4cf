"""The saliency loss of EPS: the official code's numbers, small cases by hand, gradients, bad input."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS

from projects.wsis.models.losses import EPSLoss
from projects.wsis.models.losses.eps_loss import overlap_with_saliency

GOLDEN = Path(__file__).parents[2] / 'data' / 'golden' / 'eps_loss.npz'


def golden_case(number):
    """Arrays of one golden batch; maps and their gradient with the background first, as here everywhere."""
    with np.load(GOLDEN, allow_pickle=False) as stored:
        prefix = f'batch{number}_'
        case = {key.removeprefix(prefix): stored[key] for key in stored.files if key.startswith(prefix)}
    case = {key: torch.from_numpy(np.asarray(value)) for key, value in case.items()}
    for key in ('cam', 'grad_cam'):
        case[key] = case[key].roll(1, 1)
    return case


def build(case):
    return EPSLoss(tau=float(case['tau']), lam=float(case['lam']))


@pytest.mark.parametrize('number', [0, 1])
def test_golden_loss_and_gradient(number):
    case = golden_case(number)
    maps = case['cam'].requires_grad_()
    loss = build(case)(maps, case['saliency'], case['label'])
    torch.testing.assert_close(loss, case['loss'], rtol=1e-5, atol=0)
    loss.backward()
    torch.testing.assert_close(maps.grad, case['grad_cam'], rtol=1e-4, atol=1e-9)
    assert case['grad_cam'].abs().max() > 1e-5


@pytest.mark.parametrize('number', [0, 1])
def test_golden_overlap_and_both_maps(number):
    case = golden_case(number)
    shares = case['cam'].softmax(1)
    overlap = overlap_with_saliency(shares[:, 1:], case['saliency_small'])
    torch.testing.assert_close(overlap, case['overlap_ratio'], rtol=1e-5, atol=1e-7)
    foreground, background = build(case).split_classes(shares, case['saliency_small'], case['label'])
    torch.testing.assert_close(foreground, case['fg_map'], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(1 - background, case['bg_map'], rtol=1e-5, atol=1e-6)


def logits_of(*shares):
    """Maps (1, C + 1, 1, w) whose softmax are these shares, one row of numbers a map."""
    return torch.tensor(shares).log()[None, :, None]


def test_case_by_hand():
    # background, class 0 (tagged, its own pixels are salient), class 1 (tagged, its own are not), class 2 (not tagged)
    maps = logits_of([0.1, 0.7, 0.1, 0.1], [0.7, 0.1, 0.1, 0.1], [0.1, 0.1, 0.7, 0.1], [0.1, 0.1, 0.1, 0.7])
    saliency = torch.tensor([1.0, 0.0, 0.2, 1.0])[None, None, None]
    tags = torch.tensor([[1.0, 1.0, 0.0]])
    foreground = torch.tensor([0.7, 0.1, 0.1, 0.1])
    background = torch.tensor([0.1, 0.7, 0.1, 0.1]) + torch.tensor([0.1, 0.1, 0.7, 0.1])
    predicted = 0.3 * foreground + 0.7 * (1 - background)
    loss = EPSLoss(tau=0.4, lam=0.3, loss_weight=2.0)(maps, saliency, tags)
    torch.testing.assert_close(loss, 2 * ((predicted - saliency) ** 2).mean())


def test_overlap_must_beat_tau_and_a_class_without_own_pixels_has_none():
    shares = torch.tensor([[0.9, 0.9, 0.1, 0.1], [0.1, 0.1, 0.5, 0.5]])[None, :, None]
    saliency = torch.tensor([1.0, 0.0, 1.0, 1.0])[None, None, None]
    overlap = overlap_with_saliency(shares, saliency)
    torch.testing.assert_close(overlap, torch.tensor([[1 / (2 + 4e-4), 0.0]]))
    with_background = torch.cat([1 - shares.sum(1, keepdim=True), shares], 1)
    for tau, expected in ((overlap[0, 0].item(), 0.0), (0.49, 0.9)):
        foreground, _ = EPSLoss(tau=tau).split_classes(with_background, saliency, torch.ones(1, 2))
        assert foreground.max().item() == pytest.approx(expected)


@pytest.mark.parametrize('batch', [1, 3])
def test_gradient_check_and_batches(batch):
    generator = torch.Generator().manual_seed(batch)
    maps = (3 * torch.randn(batch, 4, 5, 6, generator=generator)).requires_grad_()
    saliency = torch.rand(batch, 1, 10, 12, generator=generator)
    tags = torch.tensor([[1.0, 0, 1], [0, 1, 0], [0, 0, 0]])[:batch]
    loss = EPSLoss()
    together = loss(maps, saliency, tags)
    alone = [loss(maps[i : i + 1], saliency[i : i + 1], tags[i : i + 1]) for i in range(batch)]
    torch.testing.assert_close(together, torch.stack(alone).mean())
    together.backward()
    direction = torch.randn(maps.shape, generator=generator)
    with torch.no_grad():
        step = 1e-2 * direction
        slope = (loss(maps + step, saliency, tags) - loss(maps - step, saliency, tags)) / 2e-2
    assert slope.item() == pytest.approx((maps.grad * direction).sum().item(), rel=2e-2)


@pytest.mark.parametrize('tags', [[[0.0] * 3], [[1.0] * 3]], ids=['no class', 'all classes'])
@pytest.mark.parametrize('value', [0.0, 1.0], ids=['all-zero saliency', 'all salient'])
def test_extreme_photos_give_a_finite_loss_that_goes_down(tags, value):
    maps = torch.randn(1, 4, 6, 6, generator=torch.Generator().manual_seed(0)).requires_grad_()
    saliency, tags = torch.full((1, 1, 12, 12), value), torch.tensor(tags)
    optimizer = torch.optim.SGD([maps], lr=20)
    losses = []
    for _ in range(30):
        losses.append(EPSLoss()(maps, saliency, tags))
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    assert all(loss.isfinite() for loss in losses)
    if value == 0 and tags.all():  # every class is tagged and none is salient: all that is there is background
        assert losses[0] < 1e-6
    else:
        assert losses[-1] < losses[0] * 0.9


def test_half_precision_and_other_layouts_give_the_same():
    case = golden_case(1)
    loss = build(case)
    strided = case['cam'].transpose(2, 3).contiguous().transpose(2, 3)
    assert loss(strided, case['saliency'], case['label']) == loss(case['cam'], case['saliency'], case['label'])
    half = loss(case['cam'].bfloat16(), case['saliency'], case['label'])
    assert half.dtype == torch.float32 and half.item() == pytest.approx(case['loss'].item(), rel=1e-2)


@pytest.mark.parametrize(
    'shapes, words',
    [
        (((2, 4, 5), (2, 1, 5, 5), (2, 3)), r'class maps are \(N, C \+ 1, h, w\)'),
        (((2, 4, 5, 5), (2, 5, 5), (2, 3)), r'saliency is \(2, 1, H, W\)'),
        (((2, 4, 5, 5), (1, 1, 5, 5), (2, 3)), r'saliency is \(2, 1, H, W\)'),
        (((2, 4, 5, 5), (2, 1, 5, 5), (2, 4)), r'4 maps are background and 3 classes'),
    ],
)
def test_wrong_shapes_get_one_line(shapes, words):
    with pytest.raises(ValueError, match=words) as error:
        EPSLoss()(*map(torch.zeros, shapes))
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('settings', [dict(tau=-0.1), dict(lam=1.5)])
def test_wrong_settings_get_one_line(settings):
    with pytest.raises(ValueError, match=r'lies in \[0, 1\]'):
        MODELS.build(dict(type='EPSLoss', **settings))
