"""Scored instances, and the chain from displacement and boundary to them."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from projects.wsis.ops import cluster_displacement, detect_instances, random_walk


def instances_from_scores(scores, labels, background=0.25, min_area=0.0):
    """Instances of the argmax over background and channels, as IRNet's label making decides."""
    everything = torch.cat([scores.new_full((1, *scores.shape[1:]), background), scores])
    return detect_instances(everything.argmax(0), scores, labels, min_area)


def test_golden_components(golden):
    arrays = golden('irn_instances')
    masks = torch.from_numpy(arrays['detect_mask_in'])
    winner = (masks * torch.tensor([1, 2])[:, None, None]).sum(0)
    instances = detect_instances(
        winner,
        torch.from_numpy(arrays['detect_score_map']),
        torch.from_numpy(arrays['detect_class_in']),
        min_area=int(arrays['detect_max_fragment_size']),
    )
    np.testing.assert_array_equal(instances.masks(), arrays['detect_mask'])
    np.testing.assert_array_equal(instances.labels, arrays['detect_class'])
    np.testing.assert_array_equal(instances.scores, arrays['detect_score'].astype(np.float32))


@pytest.mark.parametrize('case', ['case0', 'case1'])
def test_golden_chain(golden, case):
    arrays = {key: torch.from_numpy(array) for key, array in golden('irn_instances').items() if key.startswith(case)}
    clusters = cluster_displacement(arrays[f'{case}_dp'][None])[0]
    one_hot = F.one_hot(clusters).permute(2, 0, 1)
    scores = (arrays[f'{case}_cams'][:, None] * one_hot).flatten(0, 1)  # class-major
    walked = random_walk(scores[None], arrays[f'{case}_edge'][None])
    expected = arrays[f'{case}_rw'][:, 0]
    assert (walked[0] - expected).abs().max() / expected.max() < 2e-4

    height, width = arrays[f'{case}_image_size'].tolist()
    maps = F.interpolate(walked, scale_factor=4, mode='bilinear', align_corners=False)[0, :, :height, :width]
    labels = arrays[f'{case}_keys'].repeat_interleave(one_hot.shape[0])
    instances = instances_from_scores(maps / maps.max(), labels, background=0.25, min_area=0.01 * height * width)
    assert torch.equal(instances.masks(), arrays[f'{case}_det_mask'])
    assert torch.equal(instances.labels, arrays[f'{case}_det_class'])
    torch.testing.assert_close(instances.scores.double(), arrays[f'{case}_det_score'], rtol=0, atol=1e-4)


def test_by_hand():
    scores = torch.tensor([[[0.9, 0.2, 0.4, 0.3]], [[0.1, 0.5, 0.1, 0.1]]])
    instances = instances_from_scores(scores, torch.tensor([7, 3]), background=0.25, min_area=2)
    # channel 0 wins pixels 0 and 2-3, cut apart by channel 1; only the part of two pixels keeps its score
    assert instances.numbers.tolist() == [[1, 3, 2, 2]]
    assert instances.labels.tolist() == [7, 7, 3]
    torch.testing.assert_close(instances.scores, torch.tensor([0.0, 0.4, 0.0]))
    assert instances.masks().sum((1, 2)).tolist() == [1, 2, 1]


def test_corners_do_not_connect():
    winner = torch.eye(3, dtype=torch.int64)
    assert len(detect_instances(winner, torch.rand(1, 3, 3), torch.tensor([0])).labels) == 3


def test_background_wins_everywhere_or_no_channel():
    for channels in (0, 2):
        instances = instances_from_scores(torch.full((channels, 4, 5), 0.25), torch.zeros(channels, dtype=torch.int64))
        assert instances.numbers.eq(0).all() and instances.masks().shape == (0, 4, 5) and len(instances.scores) == 0


def test_not_contiguous(rng):
    scores = torch.rand(6, 5, 3, generator=rng)
    labels = torch.arange(3)
    turned = instances_from_scores(scores.permute(2, 0, 1), labels)
    plain = instances_from_scores(scores.permute(2, 0, 1).contiguous(), labels)
    assert torch.equal(turned.numbers, plain.numbers) and torch.equal(turned.scores, plain.scores)


def test_instances_partition_the_foreground(rng):
    scores = torch.rand(4, 30, 40, generator=rng, dtype=torch.float64)
    instances = instances_from_scores(scores, torch.tensor([3, 1, 3, 0]), background=0.7)
    assert torch.equal(instances.numbers > 0, scores.amax(0) > 0.7)
    assert torch.equal(instances.numbers.unique(), torch.arange(len(instances.labels) + 1))
    assert instances.scores.dtype == torch.float64 and (instances.scores > 0.7).all()


def test_bad_input():
    winner = torch.zeros(4, 5, dtype=torch.int64)
    with pytest.raises(ValueError, match='scores must be'):
        detect_instances(winner, torch.rand(4, 5), torch.tensor([0]))
    with pytest.raises(ValueError, match='labels must be one integer per channel'):
        detect_instances(winner, torch.rand(2, 4, 5), torch.tensor([0]))
    with pytest.raises(ValueError, match='winner must be an integer map'):
        detect_instances(torch.zeros(5, 5, dtype=torch.int64), torch.rand(2, 4, 5), torch.tensor([0, 1]))
    with pytest.raises(ValueError, match='winner must lie in 0..2'):
        detect_instances(torch.full((4, 5), 3), torch.rand(2, 4, 5), torch.tensor([0, 1]))
