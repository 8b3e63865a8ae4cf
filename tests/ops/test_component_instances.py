"""Splitting components into instances: golden values, by hand."""

import numpy as np
import pytest
import torch
from component_maps import batch_components

from projects.wsis.ops import CenterSettings, Components, find_instances


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
