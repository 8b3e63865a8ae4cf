"""Pixel-to-prototype contrast: golden values and gradients, the plain formula, any batch, two processes."""

import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from mmengine.logging import MessageHub
from mmengine.registry import MODELS
from tiny_chain.processes import call_in_ranks
from torch.testing import assert_close

from projects.wsis.apis.launch import finish
from projects.wsis.models.heads import PPCHead
from projects.wsis.models.losses import PixelPrototypeContrastLoss
from projects.wsis.models.losses.pixel_prototype_contrast_loss import PixelChoices, draw_keys
from projects.wsis.ops.class_maps import resize_aligned, score_maps
from projects.wsis.ops.prototypes import (
    choose_confident_pixels,
    estimate_prototypes,
    hard_pixel_weights,
    semi_hard_logits,
)

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / 'tests' / 'data' / 'golden'
TERMS = ('loss_cross_prototype', 'loss_cross_cam', 'loss_intra_view')
GOLDEN_TERMS = ('loss_cross_nce', 'loss_cross_nce2', 'loss_intra_nce')


@pytest.fixture(scope='module')
def benchmark():
    """The plain version of the formula."""
    sys.path.insert(0, str(ROOT / 'tools' / 'analysis_tools'))
    try:
        import benchmark_prototype_contrast
    finally:
        sys.path.pop(0)
    return benchmark_prototype_contrast


@pytest.fixture(scope='module', params=[0, 1])
def golden(request):
    with np.load(GOLDEN / f'ppc_case{request.param}.npz', allow_pickle=False) as stored:
        arrays = {key: torch.from_numpy(stored[key]) for key in stored.files}
    return {key: value if value.is_floating_point() else value.long() for key, value in arrays.items()}


def golden_choices(golden, hard=True):
    return tuple(
        PixelChoices(
            golden[f'proto{view}_top_indices'],
            golden[f'intra{view}_random_pixels'],
            golden[f'intra{view}_hard_pixels'] if hard else None,
        )
        for view in (1, 2)
    )


def golden_inputs(golden, gradients=False):
    features = [golden[f'f_proj{view}'].clone().requires_grad_(gradients) for view in (1, 2)]
    return features[0], golden['cam_rv1_down'], features[1], golden['cam_rv2_down'], golden['image_label']


@pytest.mark.parametrize('hard', [True, False])
def test_golden_terms_and_gradients(golden, hard):
    inputs = golden_inputs(golden, gradients=True)
    # with our own hard pixels too, which are decided by nothing but similarity
    losses = PixelPrototypeContrastLoss()(*inputs, choices=golden_choices(golden, hard))
    for name, golden_name in zip(TERMS, GOLDEN_TERMS):
        assert_close(losses[name], golden[golden_name], rtol=1e-5, atol=1e-7)
    sum(losses.values()).backward()
    for view, leaf in ((1, inputs[0]), (2, inputs[2])):
        expected = golden[f'grad_loss_nce_f_proj{view}']
        scale = expected.abs().max()
        assert_close(leaf.grad[:, ::4] / scale, expected / scale, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('view', [1, 2])
def test_golden_prototypes_and_labels(golden, view):
    features = resize_aligned(golden[f'f_proj{view}'], (16, 16)).permute(0, 2, 3, 1).flatten(0, 2)
    scores = score_maps(resize_aligned(golden[f'cam_rv{view}_down'], (16, 16)), 0.2)
    mask = F.pad(golden['image_label'], (1, 0), value=1.0)[:, :, None, None]
    assert torch.equal((scores * mask).argmax(1), golden[f'pseudo_label{view}'])
    scores = scores.permute(0, 2, 3, 1).flatten(0, 2)
    places = golden[f'proto{view}_top_indices']
    assert_close(scores.T.gather(1, places), golden[f'proto{view}_top_values'], rtol=1e-4, atol=1e-5)
    prototypes = estimate_prototypes(features, scores, places)
    assert_close(prototypes, golden[f'prototypes{view}'], rtol=1e-4, atol=1e-5)
    # our own choice is theirs wherever confidences are not equal
    values = scores.T.gather(1, choose_confident_pixels(scores, 32))
    assert_close(values, golden[f'proto{view}_top_values'], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('batch, classes', [(1, 20), (3, 20), (3, 8), (2, 2), (2, 1)])
def test_same_as_the_plain_formula(benchmark, batch, classes):
    loss = PixelPrototypeContrastLoss(seed=3).eval()
    inputs = benchmark.make_batch(batch, 8, classes, 16, seed=classes)
    _, expected, plain_gradients = benchmark.run(lambda *tensors: benchmark.plain_contrast(loss, *tensors), inputs)
    _, value, gradients = benchmark.run(loss, inputs)
    assert value == pytest.approx(expected, rel=1e-5) and value > 0
    for found, plain in zip(gradients, plain_gradients):
        assert_close(found / plain.abs().max(), plain / plain.abs().max(), rtol=1e-4, atol=1e-5)


def make_batch(batch=4, classes=6, size=8, channels=12, seed=0, dtype=torch.float32):
    """Features, maps and tags in which photos have different numbers of classes."""
    generator = torch.Generator().manual_seed(seed)
    features = [F.relu(torch.randn(batch, channels, size, size, generator=generator, dtype=dtype)) for _ in range(2)]
    maps = [torch.randn(batch, classes + 1, size, size, generator=generator, dtype=dtype) for _ in range(2)]
    tags = (torch.rand(batch, classes, generator=generator) < torch.linspace(0.1, 0.7, batch)[:, None]).float()
    return features[0], maps[0], features[1], maps[1], tags


def run(inputs, **settings):
    """Losses and the gradients of both features."""
    torch.manual_seed(len(settings))  # the global generator must not matter
    leaves = [inputs[0].clone().requires_grad_(), inputs[2].clone().requires_grad_()]
    losses = PixelPrototypeContrastLoss(**settings)(leaves[0], inputs[1], leaves[1], inputs[3], inputs[4])
    sum(losses.values()).backward()
    assert all(value.isfinite() for value in losses.values())
    assert all(leaf.grad.isfinite().all() for leaf in leaves)
    return losses, [leaf.grad for leaf in leaves]


@pytest.mark.parametrize('photos', ['all', 'tagged'])
def test_batches_of_every_kind(photos):
    for batch in (1, 3):
        features1, maps1, features2, maps2, tags = make_batch(batch)
        for some in (torch.zeros_like(tags), torch.ones_like(tags), torch.eye(6)[[2] * batch]):
            run((features1, maps1, features2, maps2, some), prototype_photos=photos)
        # no confident pixel at all, in one view and in both
        losses, _ = run((features1, -maps1.abs(), features2, maps2, tags), prototype_photos=photos)
        losses, gradients = run((features1, -maps1.abs(), features2, -maps2.abs(), tags), prototype_photos=photos)
        # the background alone: nothing to push away from
        assert_close(losses['loss_cross_prototype'], torch.tensor(0.0), atol=1e-6, rtol=0)
        # constant maps have no pixel over their minimum
        run((features1, torch.ones_like(maps1), features2, maps2, tags), prototype_photos=photos)
        # features that are all 0
        run((torch.zeros_like(features1), maps1, features2, maps2, tags), prototype_photos=photos)


def test_maps_and_features_of_other_sizes_and_strides():
    inputs = make_batch()
    enlarged = (
        F.interpolate(inputs[0], (13, 11), mode='bilinear', align_corners=True),
        F.interpolate(inputs[1], (9, 10), mode='bilinear', align_corners=True),
        *inputs[2:],
    )
    run(enlarged)
    losses, _ = run(inputs)
    turned = tuple(tensor.mT.contiguous().mT for tensor in inputs[:4])
    for name, value in run((*turned, inputs[4]))[0].items():
        assert_close(value, losses[name])


def test_terms_are_switched_by_their_weights():
    inputs = make_batch()
    losses, _ = run(inputs)
    assert tuple(losses) == TERMS
    for name in TERMS:
        settings = {f'{other.removeprefix("loss_")}_weight': 0.2 * (other == name) for other in TERMS}
        alone, _ = run(inputs, **settings)
        assert set(alone) == {name}
        assert_close(alone[name], 2 * losses[name])


def test_half_precision_is_summed_in_float32():
    inputs = make_batch()
    half = tuple(tensor.bfloat16() for tensor in inputs[:4])
    exact, _ = run((*(tensor.float() for tensor in half), inputs[4]))
    with torch.autocast('cpu', dtype=torch.bfloat16):
        losses, _ = run((*half, inputs[4]))
    for name, value in losses.items():
        assert value.dtype == torch.float32
        assert_close(value, exact[name])


def test_choices_depend_on_seed_and_step_only():
    inputs = make_batch()
    loss = PixelPrototypeContrastLoss(seed=1)
    first, second = (loss(*inputs)['loss_intra_view'] for _ in range(2))
    assert int(loss.step) == 2 and first != second
    again = PixelPrototypeContrastLoss(seed=1)
    assert again(*inputs)['loss_intra_view'] == first
    resumed = PixelPrototypeContrastLoss(seed=1)
    resumed.load_state_dict(again.state_dict())
    assert resumed(*inputs)['loss_intra_view'] == second
    assert PixelPrototypeContrastLoss(seed=2)(*inputs)['loss_intra_view'] != first
    resumed.load_state_dict({}, strict=True)  # converted from the official code, which counts no steps
    assert int(resumed.step) == 0
    assert not torch.equal(draw_keys(9, 0, 0, 0), draw_keys(9, 0, 0, 1))


@pytest.mark.parametrize('iterations, rising', [(12, 4), (1, 0), (None, 0)])
def test_warmup_raises_the_weights_in_a_part_of_the_training(iterations, rising, monkeypatch):
    monkeypatch.setattr(MessageHub, '_instance_dict', OrderedDict())
    if iterations is not None:  # as a Runner does
        MessageHub.get_instance('training').update_info('max_iters', iterations)
    inputs = make_batch()
    slow, full = PixelPrototypeContrastLoss(warmup_fraction=1 / 3), PixelPrototypeContrastLoss()
    for step in range(6):
        found, expected = slow(*inputs), full(*inputs)
        for name, value in expected.items():
            assert_close(found[name], value * min(1, (step + 1) / rising if rising else 1))


def test_tagged_prototypes_come_from_tagged_photos_only():
    features1, maps1, features2, maps2, tags = make_batch(batch=2, classes=3)
    tags = torch.tensor([[1.0, 0, 0], [0, 1.0, 0]])
    losses, _ = run((features1, maps1, features2, maps2, tags), prototype_photos='tagged')
    # what other classes' maps say does not matter then
    other = [maps.clone() for maps in (maps1, maps2)]
    for maps in other:
        maps[:, 3] += 5 * torch.rand_like(maps[:, 3])
        maps[0, 2], maps[1, 1] = maps[0, 2].flip(-1), -maps[1, 1]
    for name, value in run((features1, other[0], features2, other[1], tags), prototype_photos='tagged')[0].items():
        assert_close(value, losses[name])
    changed, _ = run((features1, other[0], features2, other[1], tags))
    assert any(
        not torch.isclose(changed[name], value)
        for name, value in run((features1, maps1, features2, maps2, tags))[0].items()
    )


def test_equal_confidences_are_decided_by_the_response_of_the_foreground():
    scores = torch.full((6, 3), 0.2)
    scores[:, 1] = torch.tensor([0.9, 0.1, 0.5, 0.0, 0.3, 0.1])
    scores[:, 2] = -1
    chosen = choose_confident_pixels(scores, 3)
    assert chosen.tolist() == [[3, 1, 5], [0, 2, 4], [3, 1, 5]]
    assert choose_confident_pixels(scores, 99).shape == (3, 6)


def test_hard_pixels_by_hand():
    # ten pixels of class 0, one of class 2, two of class 3
    labels = torch.tensor([0] * 10 + [2] + [3] * 2)
    similarity = torch.tensor([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 0.5, 0.9, 0.1])
    keys = torch.tensor([9.0, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 1, 2])
    weights = hard_pixel_weights(labels, similarity, 5, keys)
    # the least similar is left out; of the rest of the least similar 60% all five are taken; the last five are drawn
    expected = [0, 1, 1, 1, 1, 2, 1, 1, 1, 1]
    assert_close(weights[:10], torch.tensor(expected) / 10 / 3)
    assert_close(weights[10:], torch.tensor([0, 0.5, 0.5]) / 3)


@pytest.mark.parametrize('classes, ranks', [(21, (4, 13)), (9, (4, 9)), (4, (4, 4)), (2, (2, 2)), (1, (1, 1))])
def test_ranks_are_clipped_to_the_classes_there_are(classes, ranks):
    logits = torch.arange(25.0).flip(0)[None]
    valid = torch.arange(25) < classes
    kept = semi_hard_logits(logits, valid, (4, 13)).isfinite().nonzero()[:, 1] + 1
    assert (int(kept[0]), int(kept[-1])) == ranks


def test_head_projects_and_ranks_switch_nothing_else():
    torch.manual_seed(0)
    head = MODELS.build(
        dict(type='PPCHead', in_channels=5, channels=7, loss_contrast=dict(type='PixelPrototypeContrastLoss'))
    )
    assert isinstance(head, PPCHead)
    features1, maps1, features2, maps2, tags = make_batch(channels=5)
    losses = head.loss(features1, maps1, features2, maps2, tags)
    sum(losses.values()).backward()
    assert head.projector.weight.shape == (7, 5, 1, 1) and head.projector.weight.grad.abs().sum() > 0
    assert [name for name, _ in head.named_parameters()] == ['projector.weight']


@pytest.mark.parametrize(
    'settings, words',
    [
        (dict(temperature=0), 'temperature'),
        (dict(background_threshold=0), 'background_threshold'),
        (dict(semi_hard_ranks=(5, 4)), 'semi_hard_ranks'),
        (dict(hard_fraction=0.4), 'hard_fraction'),
        (dict(prototype_photos='some'), 'prototype_photos'),
    ],
)
def test_bad_settings(settings, words):
    with pytest.raises(ValueError, match=f'{words} is out of its range'):
        PixelPrototypeContrastLoss(**settings)


def test_bad_inputs_are_named():
    features1, maps1, features2, maps2, tags = make_batch()
    loss = PixelPrototypeContrastLoss()
    with pytest.raises(ValueError, match=r'Class maps of view 1 must be \(4, 7, h, w\)'):
        loss(features1, maps1[:, 1:], features2, maps2, tags)
    broken = maps2.clone()
    broken[2, 3, 0, 0] = float('nan')
    with pytest.raises(ValueError, match=r'NaN or infinity in class maps or features: photo 2 of view 2'):
        loss(features1, maps1, features2, broken, tags)


def _rank_losses(rank, world_size, rendezvous, folder):
    dist.init_process_group('gloo', init_method=f'file://{rendezvous}', rank=rank, world_size=world_size)
    torch.set_num_threads(1)
    torch.save({photos: _train_once(photos, rank, True) for photos in ('all', 'tagged')}, f'{folder}/rank{rank}.pth')
    torch.save(_train_once('all', rank, False), f'{folder}/local{rank}.pth')
    finish()  # together, or a process may wait for one that has left


def _train_once(photos, rank, gather):
    """Losses and gradients of a small model, under real DistributedDataParallel where there are processes."""
    features1, maps1, features2, maps2, tags = make_batch(dtype=torch.float64)
    model = torch.nn.Conv2d(12, 10, 3, padding=1).double()
    with torch.no_grad():
        generator = torch.Generator().manual_seed(0)
        model.weight.copy_(torch.randn(model.weight.shape, generator=generator, dtype=torch.float64))
        model.bias.fill_(0.1)
    share = slice(None) if rank is None else slice(rank * 2, rank * 2 + 2)
    torch.manual_seed(5 if rank is None else rank)
    wrapped = model if rank is None else torch.nn.parallel.DistributedDataParallel(model)
    both = wrapped(torch.cat([features1[share], features2[share]])).relu().chunk(2)
    loss = PixelPrototypeContrastLoss(prototype_photos=photos, gather=gather)
    losses = loss(both[0], maps1[share], both[1], maps2[share], tags[share])
    sum(losses.values()).backward()
    return dict(
        losses={name: value.detach() for name, value in losses.items()},
        gradients=[parameter.grad for parameter in model.parameters()],
    )


def test_two_processes_equal_one(tmp_path):
    call_in_ranks(_rank_losses, 2, tmp_path / 'rendezvous', tmp_path)
    ranks = [torch.load(tmp_path / f'rank{rank}.pth', weights_only=True) for rank in (0, 1)]
    close = dict(rtol=1e-5, atol=1e-7)
    for photos in ('all', 'tagged'):
        whole = _train_once(photos, None, True)
        for name, value in whole['losses'].items():
            shares = [rank[photos]['losses'][name] for rank in ranks]
            assert not torch.isclose(shares[0], shares[1]), 'the ranks should differ, or this test shows nothing'
            assert_close((shares[0] + shares[1]) / 2, value, **close)
        for index, gradient in enumerate(whole['gradients']):
            for rank in ranks:
                assert_close(rank[photos]['gradients'][index], gradient, **close)
    # without gathering each process is alone
    local = [torch.load(tmp_path / f'local{rank}.pth', weights_only=True)['losses'] for rank in (0, 1)]
    whole = _train_once('all', None, True)['losses']
    assert not torch.isclose((local[0][TERMS[0]] + local[1][TERMS[0]]) / 2, whole[TERMS[0]], rtol=1e-3)
