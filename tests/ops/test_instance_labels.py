"""Pseudo labels of instances: golden values."""

import numpy as np
import pytest
import torch
from component_maps import batch_components

from projects.wsis.datasets.transforms import GenerateInstancePseudoLabels
from projects.wsis.ops import make_pseudo_labels
from projects.wsis.ops.components import find_components


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
