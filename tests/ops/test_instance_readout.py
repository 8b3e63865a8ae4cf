"""Instances read out of a network's output: golden values."""

import pytest
import torch
from component_maps import batch_components

from projects.wsis.ops import CenterSettings, read_instances, read_instances_of_points


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
