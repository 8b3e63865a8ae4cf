"""HardPixelCrossEntropyLoss: golden values, by hand, ties, processes, bad input."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tiny_chain.processes import call_in_ranks
from torch import distributed as dist

from projects.wsis.apis.launch import finish
from projects.wsis.models.losses import HardPixelCrossEntropyLoss

GOLDEN = Path(__file__).parents[2] / 'data/golden/bestie_losses.npz'


@cache
def golden():
    with np.load(GOLDEN, allow_pickle=False) as arrays:
        return dict(arrays)


@pytest.mark.parametrize(
    'name, labels, fraction',
    [('ce_top20', 'seg_label', 0.2), ('ce_top100', 'seg_label', 1.0), ('ce_top35', 'seg_label', 0.35)]
    + [('ce_top20_sparse', 'seg_label_sparse', 0.2)],
)
def test_values_and_gradients_are_those_of_the_public_code(name, labels, fraction):
    logits = torch.from_numpy(golden()['seg_logits']).requires_grad_()
    loss = HardPixelCrossEntropyLoss(fraction)(logits, torch.from_numpy(golden()[labels]))
    torch.testing.assert_close(loss, torch.from_numpy(golden()[name]), rtol=1e-5, atol=0)
    if f'{name}_grad' in golden():
        loss.backward()
        torch.testing.assert_close(logits.grad, torch.from_numpy(golden()[f'{name}_grad']), rtol=1e-4, atol=1e-8)


def test_by_hand():
    logits = torch.zeros(1, 2, 1, 5)
    logits[0, 0, 0] = torch.tensor([0.0, 1.0, 2.0, 3.0, 9.0])
    labels = torch.tensor([[[1, 1, 1, 1, 255]]])
    losses = F.softplus(torch.tensor([0.0, 1.0, 2.0, 3.0]))
    torch.testing.assert_close(HardPixelCrossEntropyLoss(0.4)(logits, labels), losses[2:].mean())
    torch.testing.assert_close(HardPixelCrossEntropyLoss(1.0, loss_weight=2.0)(logits, labels), 2 * losses.sum() / 5)
    # at least one pixel counts
    torch.testing.assert_close(HardPixelCrossEntropyLoss(0.01)(logits, labels), losses[3])


def test_equal_pixels_share_what_is_left():
    logits = torch.zeros(1, 2, 1, 8, requires_grad=True)
    loss = HardPixelCrossEntropyLoss(0.25)(logits, torch.zeros(1, 1, 8, dtype=torch.uint8))
    torch.testing.assert_close(loss, torch.tensor(2.0).log())
    loss.backward()
    torch.testing.assert_close(logits.grad[0, 0, 0], torch.full((8,), -0.5 / 8))


@pytest.mark.parametrize('batch_size', [1, 3])
def test_gradients(batch_size):
    generator = torch.Generator().manual_seed(batch_size)
    logits = torch.randn(batch_size, 4, 5, 3, dtype=torch.float64, generator=generator).transpose(2, 3)
    labels = torch.randint(0, 4, (batch_size, 3, 5), generator=generator)
    loss = HardPixelCrossEntropyLoss(0.5)
    # taken in float32, so the steps are large
    assert torch.autograd.gradcheck(
        lambda logits: loss(logits, labels).double(), logits.requires_grad_(), eps=1e-3, atol=1e-2
    )


def test_nothing_labelled_gives_zero_with_gradients():
    logits = torch.randn(2, 3, 4, 4, requires_grad=True)
    loss = HardPixelCrossEntropyLoss()(logits, torch.full((2, 4, 4), 255))
    loss.backward()
    assert loss == 0 and logits.grad.isfinite().all()


@pytest.mark.parametrize('fraction', [0, -1, 1.1])
def test_bad_fraction(fraction):
    with pytest.raises(ValueError, match=r'fraction is a part of all pixels, in \(0, 1\]'):
        HardPixelCrossEntropyLoss(fraction)


def _rank_loss(rank, world_size, rendezvous, folder):
    dist.init_process_group('gloo', init_method=f'file://{rendezvous}', rank=rank, world_size=world_size)
    torch.set_num_threads(1)
    logits = torch.from_numpy(golden()['seg_logits'])[rank : rank + 1].requires_grad_()
    loss = HardPixelCrossEntropyLoss(0.2)(logits, torch.from_numpy(golden()['seg_label'])[rank : rank + 1])
    loss.backward()
    torch.save(dict(loss=loss.detach(), gradient=logits.grad), f'{folder}/rank{rank}.pth')
    finish()  # together, or a process may wait for one that has left


def test_two_processes_are_one_batch(tmp_path):
    call_in_ranks(_rank_loss, 2, tmp_path / 'rendezvous', tmp_path)
    parts = [torch.load(tmp_path / f'rank{rank}.pth', weights_only=True) for rank in range(2)]
    torch.testing.assert_close(
        (parts[0]['loss'] + parts[1]['loss']) / 2, torch.from_numpy(golden()['ce_top20']), rtol=1e-5, atol=0
    )
    gradient = torch.cat([part['gradient'] for part in parts]) / 2
    torch.testing.assert_close(gradient, torch.from_numpy(golden()['ce_top20_grad']), rtol=1e-4, atol=1e-8)
