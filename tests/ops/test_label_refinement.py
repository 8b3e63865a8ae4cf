"""Labels refined from a network's own output: golden values, by hand, properties."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from component_maps import batch_components

from projects.wsis.ops import (
    CenterSettings,
    make_pseudo_labels,
    read_instances,
    refine_labels,
    refine_labels_with_points,
)
from projects.wsis.ops.components import find_components


@pytest.fixture(scope='module')
def plain():
    """The version that goes component by component, which the benchmark compares with."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'tools' / 'analysis_tools'))
    try:
        import benchmark_self_refinement
    finally:
        sys.path.pop(0)
    return benchmark_self_refinement


def refine_golden(labels, number, samples=slice(None)):
    kernel, tolerance, threshold, sigma = labels[f'rf{number}_params'].tolist()
    logits, center, offset = (
        torch.from_numpy(labels[f'rf_{name}'])[samples] for name in ('seg_logits', 'center', 'offset')
    )
    tags = torch.from_numpy(labels['rf_label'])[samples]
    probabilities = logits.softmax(1)
    probabilities[:, 1:] *= tags[:, :, None, None]
    components = batch_components(labels['rf_gt_seg_map'][samples], [row.nonzero()[:, 0].tolist() for row in tags])
    settings = CenterSettings(threshold=threshold, kernel=int(kernel), tolerance=tolerance)
    return refine_labels(probabilities, center, offset, components, settings, sigma)[0]


@pytest.mark.parametrize('number', [0, 1, 2])
def test_refined_labels_are_those_of_the_public_code(labels, number):
    refined = refine_golden(labels, number)
    for name in ('center', 'offset', 'weight'):
        expected = torch.from_numpy(labels[f'rf{number}_{name}'])
        torch.testing.assert_close(getattr(refined, name), expected, rtol=1e-5, atol=1e-6, msg=name)


@pytest.mark.parametrize('number', [0, 1])
def test_samples_of_a_batch_do_not_meet(labels, number):
    together = refine_golden(labels, number)
    for sample in range(2):
        alone = refine_golden(labels, number, slice(sample, sample + 1))
        for one, both in zip(alone, together):
            assert torch.equal(one[0], both[sample])


def test_points_refine_offsets_as_in_the_public_code(labels):
    tagged = torch.from_numpy(labels['rf_label']).bool()
    # there a point in the first row or column is taken for padding
    rows = [
        (sample, label, *place)
        for sample, classes in enumerate(labels['rfp_points'].tolist())
        for label, places in enumerate(classes)
        for place in places
        if 0 not in place and tagged[sample, label]
    ]
    label_map = torch.from_numpy(labels['rf_gt_seg_map'])
    offset, weight = refine_labels_with_points(
        torch.from_numpy(labels['rf_offset']), label_map, torch.tensor(rows), tagged.shape[1]
    )
    torch.testing.assert_close(offset, torch.from_numpy(labels['rfp_offset']), rtol=0, atol=0)
    torch.testing.assert_close(weight, torch.from_numpy(labels['rfp_weight']), rtol=0, atol=0)


def test_a_point_in_the_first_row_counts():
    label_map = torch.ones(1, 3, 4, dtype=torch.uint8)
    offset, weight = refine_labels_with_points(torch.zeros(1, 2, 3, 4), label_map, torch.tensor([[0, 0, 0, 2]]), 1)
    assert (weight == 1).all() and offset[0, :, 2, 0].tolist() == [-2.0, 2.0]


@pytest.mark.parametrize('batch_size', [1, 3])
def test_the_same_as_one_by_one(batch_size, plain):
    torch.manual_seed(batch_size)
    classes, height, width = 3, 70, 90
    coarse = torch.rand(batch_size, classes + 1, 5, 6)
    label_maps = torch.nn.functional.interpolate(coarse, (height, width), mode='bilinear').argmax(1).byte().numpy()
    center = torch.nn.functional.interpolate(torch.rand(batch_size, classes, 9, 11), (height, width), mode='bicubic')
    offset = torch.nn.functional.interpolate(torch.randn(batch_size, 2, 12, 15) * 6, (height, width), mode='bicubic')
    probabilities = torch.randn(batch_size, classes + 1, height, width).softmax(1)
    tags = [[0, 2], [1], [0, 1, 2]][:batch_size]
    settings = CenterSettings(threshold=0.6, kernel=25, distance=15.0, tolerance=12.0)
    components = batch_components(label_maps, tags)
    transposed = center.transpose(2, 3).contiguous().transpose(2, 3)  # not contiguous
    refined, counts = refine_labels(probabilities, transposed, offset, components, settings)
    kept = 0
    for sample in range(batch_size):
        found = find_components(label_maps[sample], tags[sample])
        expected = plain.plain_refinement(probabilities[sample], center[sample], offset[sample], found, settings)
        kept += int((expected[2] > 0).sum())
        for one, other in zip(refined, expected):
            torch.testing.assert_close(one[sample], other, rtol=1e-5, atol=1e-6)
    assert kept > 0 and counts.max() > 1


def test_crowded_components_are_left_out_and_whole_ones_kept():
    label_map = np.zeros((80, 400), np.uint8)
    label_map[5:75, 5:395] = 1
    components = batch_components([label_map], [[0]])
    center = torch.zeros(1, 1, 80, 400)
    center[0, 0, 40, 20:380:60] = 0.9  # six of them
    offset, probabilities = torch.full((1, 2, 80, 400), 9.0), torch.full((1, 2, 80, 400), 0.5)
    assert not refine_labels(probabilities, center, offset, components)[0].weight.any()
    center[0, 0, 40, 20] = 0
    refined, counts = refine_labels(probabilities, center, offset, components)
    assert counts.tolist() == [5]
    assert torch.equal(refined.weight[0, 0] > 0, torch.from_numpy(label_map > 0)) and (refined.center == 1).sum() == 5
    none = CenterSettings(max_instances=None, keep_whole=True, tolerance=0)
    numbers, owners, scores = read_instances(probabilities, center * 0, offset, components, none)
    assert owners.tolist() == [0] and scores.tolist() == [0.0] and torch.equal(numbers > 0, components.numbers > 0)


def test_two_hundred_points():
    rows = torch.tensor([(0, 0, 2 * index // 40, 2 * index % 40) for index in range(200)])
    offset, weight = refine_labels_with_points(torch.zeros(1, 2, 10, 40), torch.ones(1, 10, 40), rows, 1)
    assert (weight == 1).all() and (offset[0, 0] == 0).all()
    assert offset[0, 1].abs().max() == 1  # every other column is a point


def test_maps_without_components():
    components = batch_components([np.zeros((20, 30), np.uint8), np.full((20, 30), 255, np.uint8)], [[0], [1]])
    maps = torch.rand(2, 2, 20, 30)
    refined, counts = refine_labels(torch.rand(2, 3, 20, 30), maps, maps, components)
    assert len(counts) == 0
    assert not any(part.any() for part in refined) and refined.center.shape == (2, 2, 20, 30)
    made = make_pseudo_labels(components, torch.zeros(0, dtype=torch.bool), 2)
    assert not any(part.any() for part in made)
    numbers, owners, scores = read_instances(
        torch.rand(2, 3, 20, 30), maps, maps, components, CenterSettings(max_instances=None, keep_whole=True)
    )
    assert not numbers.any() and len(owners) == len(scores) == 0
    offset, weight = refine_labels_with_points(
        maps, torch.ones(2, 20, 30).byte(), torch.zeros(0, 4, dtype=torch.long), 2
    )
    assert not offset.any() and not weight.any()
