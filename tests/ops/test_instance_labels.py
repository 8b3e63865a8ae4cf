"""Pseudo labels of instances and their refinement: golden values, by hand, properties, bad input."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from projects.wsis.datasets.transforms import GenerateInstancePseudoLabels
from projects.wsis.ops.center_maps import draw_centers
from projects.wsis.ops.components import find_components
from projects.wsis.ops.instance_labels import (
    CenterSettings,
    Components,
    find_instances,
    join_components,
    make_pseudo_labels,
    read_instances,
    read_instances_of_points,
    refine_labels,
    refine_labels_with_points,
)
from projects.wsis.ops.weak_regions import find_weak_regions


@pytest.fixture(scope='module')
def labels(golden):
    return {**golden('bestie_labels'), **golden('bestie_refinement'), **golden('bestie_readout')}


@pytest.fixture(scope='module')
def plain():
    """The version that goes component by component, which the benchmark compares with."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'tools' / 'analysis_tools'))
    try:
        import benchmark_self_refinement
    finally:
        sys.path.pop(0)
    return benchmark_self_refinement


def batch_components(label_maps, tags, **settings):
    """Components of a batch of label maps."""
    found = [find_components(label_map, own, **settings) for label_map, own in zip(label_maps, tags)]
    return join_components(*([torch.from_numpy(part) for part in parts] for parts in zip(*found)))


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


def pseudo_labels(labels, points_are_given):
    tags = labels['pl_cls_label'].nonzero()[0].tolist()
    points = [(int(x), int(y), int(label)) for x, y, label, _ in labels['pl_points']]
    loaded = dict(gt_seg_map=labels['pl_seg_map'], tags=tags, point_labels=np.array([label for _, _, label in points]))
    loaded['gt_keypoints'] = np.array([[[x + 0.5, y + 0.5]] for x, y, _ in points], np.float32)
    accepted = GenerateInstancePseudoLabels()(loaded)['components']['accepted']
    components = batch_components([labels['pl_seg_map']], [tags])
    given = torch.tensor([(0, label, y, x) for x, y, label in points if label in tags]) if points_are_given else None
    return make_pseudo_labels(components, torch.from_numpy(accepted), 20, float(labels['pl_sigma']), given)


@pytest.mark.parametrize('kind', ['cls', 'point'])
def test_pseudo_labels_are_those_of_the_public_code(labels, kind):
    made = pseudo_labels(labels, kind == 'point')
    center = torch.zeros_like(made.center)
    center[0, torch.from_numpy(labels[f'pl_{kind}_center_channels'])] = torch.from_numpy(labels[f'pl_{kind}_center'])
    torch.testing.assert_close(made.center, center, rtol=1e-6, atol=1e-7)
    assert torch.equal(made.offset[0], torch.from_numpy(labels[f'pl_{kind}_offset']))
    assert torch.equal(made.weight[0], torch.from_numpy(labels[f'pl_{kind}_weight']))


def test_components_are_those_of_the_public_code(labels):
    label = int(labels['pl_example_class'])
    found = find_components(labels['pl_seg_map'], [label], min_area=1)
    expected = labels['pl_example_components']  # area, x, y
    areas = np.bincount(found.numbers.ravel())[1:]
    assert areas.tolist() == expected[:, 0].tolist()
    assert found.centroids.tolist() == expected[:, [2, 1]].astype(int).tolist()
    assert len(find_components(labels['pl_seg_map'], [label]).labels) == (expected[:, 0] >= 50).sum()


@pytest.mark.parametrize('tolerance, threshold', [(5, 2.5), (3, 2.5), (8, 3.0)])
def test_weak_regions_are_those_of_the_public_code(labels, tolerance, threshold):
    foreground = torch.from_numpy(np.isin(labels['rf_gt_seg_map'][:1], (2, 3))).long()
    offset = torch.from_numpy(labels['rf_offset'][:1])
    found = find_weak_regions(offset, foreground, threshold, tolerance=tolerance)
    expected = labels[f'cp_beta{tolerance}_thresh{threshold * 10:.0f}']
    assert sorted(found[:, 1:].tolist()) == sorted(expected.tolist())


@pytest.mark.parametrize('number', range(5))
def test_instances_are_those_of_the_public_code(labels, number):
    label, sample, ignore, threshold, kernel, tolerance = labels[f'gis{number}_params'].tolist()
    foreground = labels['rf_gt_seg_map'][int(sample)] == label + 1
    if number == 2:
        foreground = foreground & (np.arange(foreground.shape[1]) > 50)
    components = Components(
        torch.from_numpy(foreground)[None].long(),
        *(torch.tensor([value]) for value in (0, int(label))),
        torch.tensor([[0, 0]]),
    )
    settings = CenterSettings(threshold, int(kernel), tolerance, max_instances=None, keep_whole=not ignore)
    center, offset = (torch.from_numpy(labels[f'rf_{name}'][int(sample)])[None] for name in ('center', 'offset'))
    instances = find_instances(center, offset, components, settings)
    assert torch.equal(instances.numbers[0], torch.from_numpy(labels[f'gis{number}_out']).long())
    assert (instances.scores == 1).sum() == len(labels[f'gis{number}_new_peaks'])


def read_golden(labels, number):
    flip, clean, ignore, tolerance, threshold, kernel = labels[f'im{number}_flags'].tolist()
    probabilities = torch.from_numpy(labels['im_seg']).softmax(1)
    center = torch.from_numpy(labels['im_center'])
    views = range(2 if flip else 1)
    probabilities, center = (
        torch.stack([maps[view].flip(-1) if view else maps[view] for view in views]).mean(0, keepdim=True)
        for maps in (probabilities, center)
    )
    if clean:
        probabilities[:, 1:] *= torch.from_numpy(labels['im_cls_label'])[:, :, None, None]
    strongest = probabilities.argmax(1).byte().numpy()
    components = batch_components(strongest, [range(center.shape[1])])
    settings = CenterSettings(threshold, int(kernel), tolerance, max_instances=None, keep_whole=not ignore)
    offset = torch.from_numpy(labels['im_offset'][:1])
    return components, *read_instances(probabilities, center, offset, components, settings)


@pytest.mark.parametrize('number', range(6))
def test_instances_read_out_are_those_of_the_public_code(labels, number):
    components, numbers, owners, scores = read_golden(labels, number)
    assert components.labels[owners].tolist() == labels[f'im{number}_label'].tolist()
    masks = numbers[0] == torch.arange(1, len(owners) + 1)[:, None, None]
    assert torch.equal(masks, torch.from_numpy(labels[f'im{number}_mask']))
    torch.testing.assert_close(scores.double(), torch.from_numpy(labels[f'im{number}_score']), rtol=1e-5, atol=1e-6)


def test_centre_maps_are_those_of_the_public_code(labels):
    sigma = float(labels['cmap_sigma'])
    rows = [
        # there the window is rounded, not the point
        (0, int(label), *(round(value - 3 * sigma - 1) + 3 * int(sigma) + 1 for value in (y, x)))
        for x, y, label in labels['cmap_points'].tolist()
        if 0 <= x < labels['cmap_out'].shape[2] and 0 <= y < labels['cmap_out'].shape[1]
    ]
    drawn = draw_centers(torch.tensor(rows), (1, *labels['cmap_out'].shape), sigma)
    torch.testing.assert_close(drawn[0], torch.from_numpy(labels['cmap_out']), rtol=1e-6, atol=1e-7)
    for name, value in (('gaussian_sigma6', 6), ('gaussian_sigma4', 4)):
        golden = torch.from_numpy(labels[name]).float()
        middle = len(golden) // 2
        drawn = draw_centers(torch.tensor([[0, 0, middle, middle]]), (1, 1, *golden.shape), value)
        torch.testing.assert_close(drawn[0, 0], golden, rtol=1e-6, atol=1e-9)


def test_centres_outside_are_left_out_and_the_highest_counts():
    rows = torch.tensor([[0, 0, -1, 3], [0, 0, 9, 3], [0, 0, 3, -1], [0, 0, 3, 9], [1, 1, 2, 2], [1, 1, 2, 4]])
    drawn = draw_centers(rows, (2, 2, 9, 9), 1.0)
    assert not drawn[0].any() and not drawn[1, 0].any()
    assert drawn[1, 1, 2, 2] == drawn[1, 1, 2, 4] == 1 and drawn[1, 1, 2, 3] == pytest.approx(np.exp(-0.5))
    assert not draw_centers(rows[:0], (2, 2, 9, 9), 1.0).any()


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


def test_components_side_by_side_do_not_see_each_other():
    label_map = np.zeros((60, 60), np.uint8)
    label_map[5:25, 5:25], label_map[5:25, 25:45] = 1, 2
    components = batch_components([label_map], [[0, 1]])
    center = torch.zeros(1, 2, 60, 60)
    center[0, 0, 10, 24], center[0, 1, 10, 25] = 0.5, 0.9  # neighbours, of two classes
    center[0, 1, 11, 24] = 0.95  # of the other class, on the first object
    instances = find_instances(center, torch.zeros(1, 2, 60, 60), components, CenterSettings(tolerance=0))
    assert (instances.areas > 0).sum(1).tolist() == [1, 1]
    assert instances.centers[:, 0].tolist() == [[10, 24], [10, 25]]
    assert instances.scores[:, 0].tolist() == [0.5, pytest.approx(0.9)]


def test_one_of_equal_neighbours_is_a_centre():
    label_map = np.zeros((60, 60), np.uint8)
    label_map[0:30, 0:30] = 1
    components = batch_components([label_map], [[0]])
    center = torch.zeros(1, 1, 60, 60)
    center[0, 0, 0:2, 0:2] = 0.9  # as enlarging repeats the outermost cells
    center[0, 0, 25, 25:28] = 0.5
    instances = find_instances(center, torch.zeros(1, 2, 60, 60), components, CenterSettings(tolerance=0, kernel=11))
    assert (instances.areas > 0).sum() == 2
    assert instances.centers[0, :2].tolist() == [[0, 0], [25, 25]]


def test_weak_region_around_another_component_is_no_centre():
    offset = torch.full((1, 2, 30, 30), 9.0)
    components = torch.ones(1, 30, 30, dtype=torch.long)
    components[0, :20, 10:13] = 2  # a bar, around whose tip the region lies
    for row, column in [
        *((r, 9) for r in range(12, 21)),
        *((r, 13) for r in range(12, 21)),
        *((20, c) for c in (10, 11, 12)),
    ]:
        offset[0, :, row, column] = 0
    assert len(find_weak_regions(offset, torch.ones_like(components))) == 1
    assert len(find_weak_regions(offset, components)) == 0


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


def test_a_large_region_that_has_not_settled_does_not_count():
    # a winding line of one pixel's width is longer than labels travel; it must not fall into pieces that count
    offset = torch.full((1, 2, 40, 60), 9.0)
    for row in range(0, 40, 4):
        offset[:, :, row, 2:58] = 0
        offset[:, :, row : row + 4, 57 if row % 8 == 0 else 2] = 0
    everywhere = torch.ones(1, 40, 60, dtype=torch.long)
    assert len(find_weak_regions(offset, everywhere)) == 0
    assert len(find_weak_regions(offset, everywhere, tolerance=20.5)) == 0
    offset[:, :, 1:3, 20:31] = 9.0
    offset[:, :, 20:40] = 9.0
    offset[:, :, 30, 10:31] = 0  # 21 in a row
    assert find_weak_regions(offset, everywhere).tolist() == [[0, 30, 20]]
    # regions end where their component does
    everywhere[:, :, :20] = 2
    assert len(find_weak_regions(offset, everywhere)) == 0


@pytest.mark.parametrize(
    'rows, sigma, words',
    [
        (torch.zeros(2, 3, dtype=torch.long), 6.0, 'integer rows'),
        (torch.zeros(2, 4), 6.0, 'integer rows'),
        (torch.zeros(2, 4, dtype=torch.long), 0.0, 'sigma must be positive'),
    ],
)
def test_bad_centres(rows, sigma, words):
    with pytest.raises(ValueError, match=words):
        draw_centers(rows, (1, 1, 5, 5), sigma)


def test_bad_offsets():
    with pytest.raises(ValueError, match='must fit, got'):
        find_weak_regions(torch.zeros(1, 2, 5, 5), torch.zeros(1, 5, 6, dtype=torch.long))


def test_instances_of_points_are_those_of_the_public_code(labels):
    probabilities = torch.from_numpy(labels['im_seg']).softmax(1)
    probabilities = (probabilities[:1] + probabilities[1:].flip(-1)) / 2
    probabilities[:, 1:] *= torch.from_numpy(labels['im_cls_label'])[:, :, None, None]
    label_map = probabilities.argmax(1)
    assert torch.equal(label_map[0], torch.from_numpy(labels['imp_seg']).long())
    rows = torch.from_numpy(labels['imp_points']).long()  # class, y, x
    points = torch.cat([rows.new_zeros(len(rows), 1), rows], 1)
    offset = torch.from_numpy(labels['im_offset'][:1])
    numbers, classes, scores = read_instances_of_points(probabilities, offset, label_map, points)
    assert classes.tolist() == labels['imp_label'].tolist()
    masks = numbers[0] == torch.arange(1, len(classes) + 1)[:, None, None]
    assert torch.equal(masks, torch.from_numpy(labels['imp_mask']))
    torch.testing.assert_close(scores.double(), torch.from_numpy(labels['imp_score']), rtol=1e-5, atol=1e-6)
