"""Affinity and displacement losses of IRNet."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
from mmengine.registry import MODELS
from tiny_chain.processes import call_in_ranks

from projects.wsis.apis.launch import finish
from projects.wsis.models.losses import AffinityLoss, DisplacementLoss, inter_pixel
from projects.wsis.models.losses.inter_pixel import LabelledPairs
from projects.wsis.ops import path_affinity, search_paths
from projects.wsis.ops.affinity import source_view

GOLDEN = Path(__file__).parents[2] / 'data' / 'golden'
LOSSES = [(AffinityLoss, 1), (DisplacementLoss, 2)]


@pytest.fixture(scope='module')
def arrays():
    with np.load(GOLDEN / 'irn_losses.npz', allow_pickle=False) as stored:
        return {key: torch.from_numpy(stored[key]) for key in stored.files if key != 'labels_from'}


def golden_labels():
    with np.load(GOLDEN / 'irn_affinity_labels.npz', allow_pickle=False) as stored:
        return dict(stored)


@pytest.fixture(scope='module')
def label():
    stored = golden_labels()
    return torch.stack([torch.from_numpy(stored[f'map{i}_label']) for i in (0, 1)])


def make_batch(channels, batch=4, height=18, width=30, dtype=torch.float64):
    """Predictions and label maps; the labels are so uneven that ranks have very different numbers of pairs."""
    generator = torch.Generator().manual_seed(channels)
    maps = torch.randn(batch, channels, height, width, generator=generator, dtype=dtype)
    label = torch.randint(0, 4, (batch, height // 6, width // 6), generator=generator)
    label = label.repeat_interleave(6, 1).repeat_interleave(6, 2)
    label[: batch // 2][torch.rand(batch // 2, height, width, generator=generator) < 0.7] = 255
    return maps, label


def relative(result, expected):
    return float((result.detach() - expected).abs().max() / expected.abs().max())


@pytest.mark.parametrize('case', ['map0', 'map1', 'map2'])
def test_golden_pair_targets(case):
    stored = golden_labels()
    label = torch.from_numpy(stored[f'{case}_label'])[None]
    labelled = LabelledPairs(label, 10)
    targets = [labelled.compare(path.destination) for path in search_paths(10)]
    for name, key in (('background', 'bg_pos'), ('foreground', 'fg_pos'), ('negative', 'neg')):
        found = torch.stack([getattr(target, name).flatten() for target in targets])
        np.testing.assert_array_equal(found, stored[f'{case}_{key}'])


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_golden_losses_and_gradients(arrays, label, dtype):
    logits = arrays['edge_logits'].to(dtype).requires_grad_()
    displacement = arrays['displacement'].to(dtype).requires_grad_()
    losses = {**AffinityLoss()(logits, label), **DisplacementLoss()(displacement, label)}
    weights = {
        'loss_affinity_background': ('bg_pos_aff_loss', 4),
        'loss_affinity_foreground': ('fg_pos_aff_loss', 4),
        'loss_affinity_negative': ('neg_aff_loss', 2),
        'loss_displacement_foreground': ('dp_fg_loss', 2),
        'loss_displacement_background': ('dp_bg_loss', 2),
    }
    assert losses.keys() == weights.keys()
    for name, (key, divisor) in weights.items():
        assert relative(losses[name] * divisor, arrays[key]) <= 1e-5, name
    positive = 2 * (losses['loss_affinity_background'] + losses['loss_affinity_foreground'])
    checks = [
        (positive, 'pos_aff_loss', logits, 'grad_pos_aff_loss_wrt_edge_logits'),
        (2 * losses['loss_affinity_negative'], 'neg_aff_loss', logits, 'grad_neg_aff_loss_wrt_edge_logits'),
        (2 * losses['loss_displacement_foreground'], 'dp_fg_loss', displacement, 'grad_dp_fg_loss_wrt_displacement'),
        (2 * losses['loss_displacement_background'], 'dp_bg_loss', displacement, 'grad_dp_bg_loss_wrt_displacement'),
        (sum(losses.values()), 'total_loss', logits, 'grad_total_loss_wrt_edge_logits'),
        (sum(losses.values()), 'total_loss', displacement, 'grad_total_loss_wrt_displacement'),
    ]
    for value, key, leaf, gradient_key in checks:
        assert relative(value, arrays[key]) <= 1e-5, key
        (gradient,) = torch.autograd.grad(value, leaf, retain_graph=True)
        assert relative(gradient, arrays[gradient_key]) <= 1e-5, gradient_key


@pytest.mark.parametrize('loss_type, channels', LOSSES)
def test_gradcheck(loss_type, channels):
    maps, label = make_batch(channels, batch=2, height=6, width=12)
    label[0] = 0
    loss = loss_type(radius=3)
    assert torch.autograd.gradcheck(lambda x: tuple(loss(x, label).values()), maps.requires_grad_())


def test_affinity_loss_equals_the_formula_on_path_affinities():
    maps, label = make_batch(1, batch=3)
    affinity = path_affinity(maps.sigmoid(), 5)
    labelled = LabelledPairs(label, 5)
    by_destination = [labelled.compare(path.destination) for path in search_paths(5)]
    targets = [torch.stack(kind, dim=1).bool() for kind in zip(*by_destination)]
    background, foreground = (-(affinity + 1e-5).log()[kind].sum() / (kind.sum() + 1e-5) for kind in targets[:2])
    negative = -(1 + 1e-5 - affinity).log()[targets[2]].sum() / (targets[2].sum() + 1e-5)
    losses = AffinityLoss(radius=5)(maps, label)
    torch.testing.assert_close(sum(losses.values()), ((background + foreground) / 2 + negative) / 2)


def test_ideal_displacement_has_no_loss_and_a_constant_one_has_the_way():
    label = torch.ones(1, 8, 12, dtype=torch.int64)
    rows, columns = torch.meshgrid(torch.arange(8.0), torch.arange(12.0), indexing='ij')
    ideal = torch.stack([3 - rows, 5 - columns])[None]
    loss = DisplacementLoss(radius=3)
    assert loss(ideal, label)['loss_displacement_foreground'] == 0
    way = np.mean(np.abs([path.destination for path in search_paths(3)]))
    losses = loss(torch.zeros_like(ideal), label)
    torch.testing.assert_close(losses['loss_displacement_foreground'], torch.tensor(way / 2).float())
    assert losses['loss_displacement_background'] == 0


@pytest.mark.parametrize('loss_type, channels', LOSSES)
def test_pairs_do_not_wrap_around_the_border(loss_type, channels):
    # sources and destinations on the left and right edge would make pairs of different labels if rows wrapped
    label = torch.full((1, 12, 20), 255)
    label[..., :3], label[..., -3:] = 1, 2
    maps = torch.randn(1, channels, 12, 20, requires_grad=True)
    losses = loss_type(radius=5)(maps, label)
    if loss_type is AffinityLoss:
        assert losses['loss_affinity_negative'] == 0
    sum(losses.values()).backward()
    assert maps.grad[..., 3 + 4 : -3 - 4].eq(0).all()


@pytest.mark.parametrize('loss_type, channels', LOSSES)
def test_nothing_labelled_gives_zero_and_finite_gradients(loss_type, channels):
    maps = torch.randn(2, channels, 12, 20, requires_grad=True)
    losses = loss_type(radius=5)(maps, torch.full((2, 12, 20), 255, dtype=torch.uint8))
    assert all(value == 0 for value in losses.values())
    sum(losses.values()).backward()
    assert maps.grad.eq(0).all()


@pytest.mark.parametrize('loss_type, channels', LOSSES)
def test_maps_too_small_for_any_pair_are_refused(loss_type, channels):
    def loss(*size):
        return loss_type(radius=5)(torch.randn(2, channels, *size), torch.ones(2, *size, dtype=torch.uint8))

    for size in ((4, 9), (5, 8)):
        with pytest.raises(ValueError, match=rf'{size[0]} x {size[1]} hold no pair .* 5 x 9 is the least'):
            loss(*size)
    assert sum(loss(5, 9).values()) > 0


def test_saturated_boundary_stays_finite():
    logits = torch.full((1, 1, 12, 20), 200.0)
    logits[..., 10:] = -200
    logits.requires_grad_()
    label = torch.randint(0, 3, (1, 12, 20), generator=torch.Generator().manual_seed(0))
    total = sum(AffinityLoss(radius=4)(logits, label).values())
    total.backward()
    assert torch.isfinite(total) and torch.isfinite(logits.grad).all()


@pytest.mark.parametrize('loss_type, channels', LOSSES)
def test_label_types_many_classes_weight_and_strides(loss_type, channels):
    maps, label = make_batch(channels, dtype=torch.float32)
    label = torch.where((label > 0) & (label < 255), label + 200, label)  # classes far above VOC's 20
    expected = loss_type(radius=4)(maps, label)
    turned = maps.transpose(2, 3).contiguous().transpose(2, 3)
    as_bytes = loss_type(radius=4)(maps, label.to(torch.uint8))
    strided = loss_type(radius=4)(turned, label)
    doubled = loss_type(radius=4, loss_weight=2.0)(maps, label)
    assert sum(expected.values()) > 0
    for name, value in expected.items():
        torch.testing.assert_close(as_bytes[name], value)
        torch.testing.assert_close(strided[name], value)
        torch.testing.assert_close(doubled[name], 2 * value)


@pytest.mark.parametrize('loss_type, channels', LOSSES)
def test_half_precision_is_summed_in_float32(loss_type, channels):
    maps, label = make_batch(channels, dtype=torch.float32)
    maps = maps.half()
    losses = loss_type(radius=4)(maps, label)
    for name, value in loss_type(radius=4)(maps.float(), label).items():
        assert losses[name].dtype == torch.float32
        torch.testing.assert_close(losses[name], value)


@pytest.mark.parametrize('loss_type, channels', LOSSES)
@pytest.mark.parametrize('most_values', [1, 1000, 1 << 30])
def test_samples_by_themselves_or_together(monkeypatch, loss_type, channels, most_values):
    maps, label = make_batch(channels, batch=5, dtype=torch.float32)
    results = []
    for values in (inter_pixel.MOST_VALUES, most_values):
        monkeypatch.setattr(inter_pixel, 'MOST_VALUES', values)
        leaf = maps.clone().requires_grad_()
        losses = loss_type(radius=4)(leaf, label)
        sum(losses.values()).backward()
        results.append((losses, leaf.grad))
    (losses, gradient), (others, other) = results
    torch.testing.assert_close(gradient, other, rtol=0, atol=0)
    for name, value in losses.items():
        torch.testing.assert_close(value, others[name], rtol=1e-6, atol=0)


def _rank_losses(rank, world_size, rendezvous, folder):
    dist.init_process_group('gloo', init_method=f'file://{rendezvous}', rank=rank, world_size=world_size)
    torch.set_num_threads(1)
    results = {}
    for loss_type, channels in LOSSES:
        maps, label = make_batch(channels)
        share = slice(rank * 2, rank * 2 + 2)
        # a one-parameter model under real DistributedDataParallel
        model = torch.nn.parallel.DistributedDataParallel(torch.nn.Conv2d(channels, channels, 3, padding=1).double())
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.fill_(0.1)
        losses = loss_type(radius=4)(model(maps[share]), label[share])
        sum(losses.values()).backward()
        results[loss_type.__name__] = dict(
            losses={name: value.detach() for name, value in losses.items()},
            gradients=[parameter.grad for parameter in model.parameters()],
        )
    torch.save(results, f'{folder}/rank{rank}.pth')
    del model, losses, results
    finish()  # together, or a process may wait for one that has left


def test_two_processes_equal_one(tmp_path):
    call_in_ranks(_rank_losses, 2, tmp_path / 'rendezvous', tmp_path)
    ranks = [torch.load(tmp_path / f'rank{rank}.pth', weights_only=True) for rank in (0, 1)]
    for loss_type, channels in LOSSES:
        maps, label = make_batch(channels)
        model = torch.nn.Conv2d(channels, channels, 3, padding=1).double()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.fill_(0.1)
        losses = loss_type(radius=4)(model(maps), label)
        sum(losses.values()).backward()
        name_of_type = loss_type.__name__
        for name, value in losses.items():
            shares = [rank[name_of_type]['losses'][name] for rank in ranks]
            assert not torch.isclose(shares[0], shares[1]), 'the ranks should differ, or this test shows nothing'
            torch.testing.assert_close((shares[0] + shares[1]) / 2, value.detach())
        for index, parameter in enumerate(model.parameters()):
            for rank in ranks:
                torch.testing.assert_close(rank[name_of_type]['gradients'][index], parameter.grad)


@pytest.mark.parametrize('loss_type, channels', LOSSES)
def test_built_from_the_registry(loss_type, channels):
    loss = MODELS.build(dict(type=loss_type.__name__, radius=7))
    assert isinstance(loss, loss_type) and loss.radius == 7


@pytest.mark.parametrize('loss_type, channels', LOSSES)
def test_bad_input(loss_type, channels):
    with pytest.raises(ValueError, match='radius must be'):
        loss_type(radius=1)
    loss = loss_type(radius=3)
    label = torch.zeros(1, 8, 9, dtype=torch.int64)
    with pytest.raises(ValueError, match='must be a floating-point tensor'):
        loss(torch.rand(1, 3, 8, 9), label)
    with pytest.raises(ValueError, match='label must be an integer tensor'):
        loss(torch.rand(1, channels, 8, 9), label.float())
    with pytest.raises(ValueError, match='label must be an integer tensor'):
        loss(torch.rand(1, channels, 8, 9), label[:, :5])


def test_source_region_of_targets():
    label = torch.arange(12 * 20).view(1, 12, 20) % 250
    shape = source_view(label, 5).shape
    assert shape == (1, 8, 12)
    assert all(target.shape == shape for target in LabelledPairs(label, 5).compare((4, -2)))
