"""KnownPixelCrossEntropyLoss: by hand, beside torch, gradients, processes."""

import pytest
import torch
import torch.nn.functional as F
from tiny_chain.processes import call_in_ranks
from torch import distributed as dist

from projects.wsis.apis.launch import finish
from projects.wsis.models.losses import KnownPixelCrossEntropyLoss


def make_batch(batch_size=3):
    """Return class maps and labels of which the first image has hardly one that is known."""
    generator = torch.Generator().manual_seed(batch_size)
    logits = torch.randn(batch_size, 4, 6, 5, dtype=torch.float64, generator=generator).transpose(2, 3)
    labels = torch.randint(0, 4, (batch_size, 5, 6), generator=generator)
    labels[0, :, 1:] = 255
    return logits.requires_grad_(), labels


def test_by_hand():
    logits = torch.zeros(1, 2, 1, 3)
    logits[0, 0, 0] = torch.tensor([0.0, 1.0, 5.0])
    labels = torch.tensor([[[1, 1, 255]]], dtype=torch.uint8)
    losses = F.softplus(torch.tensor([0.0, 1.0]))
    torch.testing.assert_close(KnownPixelCrossEntropyLoss()(logits, labels), losses.mean())
    torch.testing.assert_close(KnownPixelCrossEntropyLoss(loss_weight=3.0)(logits, labels), 3 * losses.mean())
    weight = torch.tensor([[[1.0, 0.0, 1.0]]])
    torch.testing.assert_close(KnownPixelCrossEntropyLoss()(logits, labels, weight), losses[0] / 2)
    labels = torch.tensor([[[1, 1, 0]]])
    torch.testing.assert_close(KnownPixelCrossEntropyLoss()(logits, labels, ignore_index=0), losses.mean())


@pytest.mark.parametrize('batch_size', [1, 3])
def test_values_and_gradients_are_those_of_torch(batch_size):
    logits, labels = make_batch(batch_size)
    loss = KnownPixelCrossEntropyLoss()(logits, labels)
    expected = F.cross_entropy(logits.float(), labels, ignore_index=255)
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=0)
    gradients = [torch.autograd.grad(one, logits)[0] for one in (loss, expected)]
    torch.testing.assert_close(*gradients, rtol=1e-5, atol=1e-9)


def test_nothing_known_gives_zero_with_gradients():
    logits = torch.randn(2, 3, 4, 4, requires_grad=True)
    loss = KnownPixelCrossEntropyLoss()(logits, torch.full((2, 4, 4), 255))
    loss.backward()
    assert loss == 0 and not logits.grad.any()


def _rank_loss(rank, world_size, rendezvous, folder):
    dist.init_process_group('gloo', init_method=f'file://{rendezvous}', rank=rank, world_size=world_size)
    torch.set_num_threads(1)
    logits, labels = (part[:1] if rank == 0 else part[1:] for part in make_batch())
    loss = KnownPixelCrossEntropyLoss()(logits, labels)
    (gradient,) = torch.autograd.grad(loss, logits)
    torch.save(dict(loss=loss.detach(), gradient=gradient), f'{folder}/rank{rank}.pth')
    finish()  # together, or a process may wait for one that has left


def test_two_processes_are_one_batch(tmp_path):
    """However unevenly known pixels fall on the processes."""
    call_in_ranks(_rank_loss, 2, tmp_path / 'rendezvous', tmp_path)
    parts = [torch.load(tmp_path / f'rank{rank}.pth', weights_only=True) for rank in range(2)]
    logits, labels = make_batch()
    loss = KnownPixelCrossEntropyLoss()(logits, labels)
    torch.testing.assert_close((parts[0]['loss'] + parts[1]['loss']) / 2, loss.detach(), rtol=1e-6, atol=0)
    gradient = torch.cat([part['gradient'] for part in parts]) / 2
    torch.testing.assert_close(gradient, torch.autograd.grad(loss, logits)[0], rtol=1e-6, atol=1e-9)
