"""IRNetLabelMaker decides pixels in chunks of channels; here against the plain formulas on all of them at once."""

import pytest
import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from projects.wsis.models.segmentors.irnet_labels import IRNetLabelMaker
from projects.wsis.ops import cluster_displacement, detect_instances, strongest


def decide_plainly(scores: torch.Tensor, size: tuple[int, int], background: float) -> tuple[torch.Tensor, torch.Tensor]:
    scores = F.interpolate(scores[None], scale_factor=4, mode='bilinear', align_corners=False)[0]
    scores = scores[:, : size[0], : size[1]]
    scores = scores / scores.max().clamp(min=1e-5)
    return torch.cat([scores.new_full((1, *size), background), scores]).argmax(0), scores


@pytest.mark.parametrize('chunk', [1, 3, 100])
@pytest.mark.parametrize('levels', [0, 5])
def test_chunks_decide_as_the_plain_formula(monkeypatch, chunk, levels):
    generator = torch.Generator().manual_seed(0)
    size = (37, 50)
    monkeypatch.setattr(strongest, 'CHUNK_BYTES', chunk * size[0] * size[1] * 4)
    scores = torch.rand(7, 10, 13, generator=generator)
    if levels:  # few values, so that channels and the background are often equal
        scores = (scores * levels).floor() / (levels - 1)
        scores[:, :4] = scores[0, :4]
    classes = torch.tensor([0, 0, 3, 3, 3, 5, 9])
    maker = IRNetLabelMaker(background_threshold=0.5, min_fragment=0.002)
    expected, enlarged = decide_plainly(scores, size, 0.5)
    winner, best = maker._decide(scores, size)
    assert torch.equal(winner, expected)
    assert torch.equal(best, enlarged.amax(0))
    found = maker._split(*maker._decide(scores, size), classes, size)
    instances = detect_instances(expected, enlarged, classes, 0.002 * size[0] * size[1])
    assert len(found.labels) > 10
    assert torch.equal(found.masks, instances.masks())
    assert torch.equal(found.labels, instances.labels) and torch.equal(found.scores, instances.scores)


def test_maps_of_zeros_and_no_map_are_background():
    for count in (0, 2):
        winner, best = IRNetLabelMaker()._decide(torch.zeros(count, 3, 4), (12, 16))
        assert winner.shape == best.shape == (12, 16) and not winner.any() and not best.any()


def test_cams_are_split_by_the_used_clusters_as_by_one_hot():
    generator = torch.Generator().manual_seed(1)
    cams = (torch.rand(3, 12, 16, generator=generator) - 0.6).clamp(min=0)
    cams[1] = 0  # a class that is nowhere
    displacement = torch.randn(2, 12, 16, generator=generator)
    maker = IRNetLabelMaker(boundary=False)
    parts = maker._spread(cams, torch.zeros(1, 12, 16), displacement)
    scores, owner = (torch.cat(joined) for joined in zip(*parts))
    masks = F.one_hot(cluster_displacement(displacement[None], **maker.clustering)[0]).permute(2, 0, 1).to(cams)
    expected = (cams[:, None] * masks).flatten(0, 1)
    used = expected.amax((1, 2)) > 0
    assert 0 < used.sum() < len(used)
    assert torch.equal(scores, expected[used])
    assert torch.equal(owner, torch.arange(3).repeat_interleave(len(masks))[used])


def make_labels(cams, **settings):
    """Return the class map and the instances of random CAMs, boundaries and displacements."""
    generator = torch.Generator().manual_seed(2)
    sample = DetDataSample(metainfo=dict(ori_shape=(44, 60)))
    sample.cams = InstanceData(cams=cams, labels=torch.tensor([4, 1]))
    sample.boundary = torch.rand(1, 11, 15, generator=generator)
    sample.displacement = torch.randn(2, 11, 15, generator=generator)
    found = IRNetLabelMaker(**settings)(sample)
    return found.pred_sem_seg.data, found.pred_instances


def test_what_is_below_the_threshold_of_cams_does_not_start():
    cams = torch.rand(2, 11, 15, generator=torch.Generator().manual_seed(3))
    before = cams.clone()
    semantic, instances = make_labels(cams, cam_threshold=0.4)
    wanted, wanted_instances = make_labels((cams - 0.4).clamp(min=0) / 0.6)
    assert torch.equal(cams, before)
    assert torch.equal(semantic, wanted) and torch.equal(instances.masks, wanted_instances.masks)
    assert not torch.equal(semantic, make_labels(cams)[0])


@pytest.mark.parametrize('threshold', [-0.1, 1.0, float('nan')])
def test_a_threshold_of_cams_is_a_part_of_them(threshold):
    with pytest.raises(ValueError, match='cam_threshold is a part'):
        IRNetLabelMaker(cam_threshold=threshold)
