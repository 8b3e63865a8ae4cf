"""Loss of AffinityNet on given affinities."""

import math

import pytest
import torch
import torch.distributed as dist
from mmengine.registry import MODELS
from tiny_chain.processes import call_in_ranks

from projects.wsis.apis.launch import finish
from projects.wsis.models.losses import AffinityLoss, PairAffinityLoss
from projects.wsis.ops import boundary_to_affinity, feature_affinity, search_paths


def make_batch(batch=4, height=12, width=18, dtype=torch.float64, radius=3):
    """Affinities and label maps; the labels are so uneven that ranks have very different numbers of pairs."""
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(batch, 4, height, width, generator=generator, dtype=dtype)
    label = torch.randint(0, 4, (batch, height // 6, width // 6), generator=generator)
    label = label.repeat_interleave(6, 1).repeat_interleave(6, 2)
    label[: batch // 2][torch.rand(batch // 2, height, width, generator=generator) < 0.7] = 255
    return feature_affinity(features, radius), label


def test_by_hand():
    # radius 2 takes the middle column of a 2x3 map as sources: its first pixel only
    label = torch.tensor([[[9, 0, 0], [1, 0, 255]]])
    affinity = torch.zeros(1, 4, 2, 3)
    affinity[0, :, 0, 1] = torch.tensor([0.5, 0.25, 0.75, 0.1])  # right 0, below 0, below left 1, below right 255
    losses = PairAffinityLoss(radius=2)(affinity, label)
    background = -(math.log(0.5 + 1e-5) + math.log(0.25 + 1e-5)) / (2 + 1e-5)
    negative = -math.log(1 + 1e-5 - 0.75) / (1 + 1e-5)
    assert losses['loss_affinity_background'].item() == pytest.approx(background / 4)
    assert losses['loss_affinity_negative'].item() == pytest.approx(negative / 2)
    assert losses['loss_affinity_foreground'] == 0
    label[label == 0] = 7
    losses = PairAffinityLoss(radius=2)(affinity, label)
    assert losses['loss_affinity_foreground'].item() == pytest.approx(background / 4)
    assert losses['loss_affinity_background'] == 0


def test_affinities_of_a_boundary_give_the_loss_of_the_boundary():
    _, label = make_batch()
    logits = torch.randn(4, 1, 12, 18, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    found = PairAffinityLoss(radius=3)(boundary_to_affinity(logits.sigmoid(), 3), label)
    expected = AffinityLoss(radius=3)(logits, label)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value)


def test_gradcheck():
    affinity, label = make_batch(2, 6, 12)
    loss = PairAffinityLoss(radius=3)
    assert torch.autograd.gradcheck(lambda x: tuple(loss(x, label).values()), affinity.requires_grad_(), fast_mode=True)


def test_perfect_affinities_have_next_to_no_loss():
    label = torch.zeros(1, 8, 12, dtype=torch.int64)
    label[..., 6:] = 3
    ideal = feature_affinity(label[:, None].double() * 100, 4)
    assert sum(PairAffinityLoss(radius=4)(ideal, label).values()) < 1e-4
    assert sum(PairAffinityLoss(radius=4)(1 - ideal, label).values()) > 5


def test_extreme_affinities_stay_finite():
    _, label = make_batch(dtype=torch.float32)
    for value in (0.0, 1.0):
        affinity = torch.full((4, len(search_paths(3)), 12, 18), value, requires_grad=True)
        total = sum(PairAffinityLoss(radius=3)(affinity, label).values())
        total.backward()
        assert torch.isfinite(total) and torch.isfinite(affinity.grad).all()


def test_nothing_labelled_gives_zero_and_zero_gradients():
    size = (12, 18)
    affinity = torch.rand(2, len(search_paths(3)), *size, requires_grad=True)
    losses = PairAffinityLoss(radius=3)(affinity, torch.full((2, *size), 255, dtype=torch.uint8))
    assert all(value == 0 for value in losses.values())
    sum(losses.values()).backward()
    assert affinity.grad.eq(0).all()


def test_maps_too_small_for_any_pair_are_refused():
    affinity = torch.rand(2, len(search_paths(3)), 1, 2)
    with pytest.raises(ValueError, match=r'1 x 2 hold no pair of pixels at radius 3, .* 3 x 5 is the least'):
        PairAffinityLoss(radius=3)(affinity, torch.zeros(2, 1, 2, dtype=torch.uint8))


def test_label_types_weight_strides_and_half_precision():
    affinity, label = make_batch(dtype=torch.float32)
    expected = PairAffinityLoss(radius=3)(affinity, label)
    turned = affinity.transpose(2, 3).contiguous().transpose(2, 3)
    for found, factor in (
        (PairAffinityLoss(radius=3)(turned, label.to(torch.uint8)), 1),
        (PairAffinityLoss(radius=3, loss_weight=2.0)(affinity, label), 2),
    ):
        assert all(torch.allclose(found[name], factor * value) for name, value in expected.items())
    half = PairAffinityLoss(radius=3)(affinity.half(), label)
    for name, value in expected.items():
        assert half[name].dtype == torch.float32
        torch.testing.assert_close(half[name], value, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize('batch', [1, 3])
def test_batch_is_averaged_over_its_pairs(batch):
    affinity, label = make_batch(batch)
    together = PairAffinityLoss(radius=3)(affinity, label)
    repeated = PairAffinityLoss(radius=3)(affinity.repeat(2, 1, 1, 1), label.repeat(2, 1, 1))
    for name, value in together.items():
        torch.testing.assert_close(repeated[name], value, rtol=1e-4, atol=0)


def _rank_loss(rank, world_size, rendezvous, folder):
    dist.init_process_group('gloo', init_method=f'file://{rendezvous}', rank=rank, world_size=world_size)
    torch.set_num_threads(1)
    affinity, label = make_batch()
    share = slice(rank * 2, rank * 2 + 2)
    affinity = affinity[share].requires_grad_()
    losses = PairAffinityLoss(radius=3)(affinity, label[share])
    sum(losses.values()).backward()
    torch.save(
        dict(losses={name: value.detach() for name, value in losses.items()}, gradient=affinity.grad),
        f'{folder}/rank{rank}.pth',
    )
    finish()  # together, or a process may wait for one that has left


def test_two_processes_equal_one(tmp_path):
    call_in_ranks(_rank_loss, 2, tmp_path / 'rendezvous', tmp_path)
    ranks = [torch.load(tmp_path / f'rank{rank}.pth', weights_only=True) for rank in (0, 1)]
    affinity, label = make_batch()
    losses = PairAffinityLoss(radius=3)(affinity.requires_grad_(), label)
    sum(losses.values()).backward()
    for name, value in losses.items():
        shares = [rank['losses'][name] for rank in ranks]
        torch.testing.assert_close((shares[0] + shares[1]) / 2, value.detach())
    assert not torch.isclose(*(rank['losses']['loss_affinity_negative'] for rank in ranks))
    # DistributedDataParallel halves the gradients, as it averages them
    torch.testing.assert_close(torch.cat([rank['gradient'] for rank in ranks]) / 2, affinity.grad)


def test_built_from_the_registry_and_bad_input():
    loss = MODELS.build(dict(type='PairAffinityLoss', radius=3))
    label = torch.zeros(1, 8, 9, dtype=torch.int64)
    count = len(search_paths(3))
    with pytest.raises(ValueError, match='radius must be'):
        PairAffinityLoss(radius=1)
    with pytest.raises(ValueError, match=rf'affinity must be a floating-point tensor \(N, {count}, H, W\)'):
        loss(torch.rand(1, count + 1, 8, 9), label)
    with pytest.raises(ValueError, match='label must be an integer tensor'):
        loss(torch.rand(1, count, 8, 9), label.float())
    with pytest.raises(ValueError, match='label must be an integer tensor'):
        loss(torch.rand(1, count, 8, 9), label[:, :5])
