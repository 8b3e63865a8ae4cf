"""Unclear photos, of many instances: IRNet's label maker works on them in parts, and gives them as RLE."""

import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from projects.wsis.evaluation.writers.instance_writer import list_instances
from projects.wsis.models.segmentors import irnet_labels
from projects.wsis.models.segmentors.irnet_labels import IRNetLabelMaker
from projects.wsis.ops.transition import TransitionMatrix


def make_labels(**settings):
    generator = torch.Generator().manual_seed(0)

    def smooth(channels, cells):
        coarse = torch.randn(1, channels, *cells, generator=generator)
        return F.interpolate(coarse, (30, 45), mode='bicubic', align_corners=False)[0]

    sample = DetDataSample(metainfo=dict(ori_shape=(118, 179)))
    cams = smooth(3, (7, 10)).clamp(min=0)
    sample.cams = InstanceData(cams=cams / cams.amax((1, 2), keepdim=True), labels=torch.tensor([0, 2, 5]))
    sample.boundary, sample.displacement = smooth(1, (15, 20)).sigmoid(), 6 * smooth(2, (8, 10))
    return IRNetLabelMaker(**settings)(sample)


def test_parts_of_the_instances_give_the_same_labels(monkeypatch):
    whole = make_labels()
    walks, builds = [], []
    walk, build = irnet_labels.random_walk_of_parts, TransitionMatrix._build

    def note_parts(parts, *arguments, **settings):
        for part in walk(parts, *arguments, **settings):
            walks.append(len(part))
            yield part

    monkeypatch.setattr(irnet_labels, 'random_walk_of_parts', note_parts)
    monkeypatch.setattr(TransitionMatrix, '_build', lambda *arguments: builds.append(build(*arguments)))
    monkeypatch.setattr(irnet_labels, 'SCORE_BYTES', 3 * 30 * 45 * 4)
    parts = make_labels()
    assert len(walks) > 2 and max(walks) == 3 and len(builds) == 1, 'all parts share one matrix'
    assert torch.equal(parts.pred_sem_seg.data, whole.pred_sem_seg.data)
    found, expected = parts.pred_instances, whole.pred_instances
    assert torch.equal(found.labels, expected.labels) and torch.equal(found.masks, expected.masks)
    torch.testing.assert_close(found.scores, expected.scores)


def test_many_masks_of_a_large_photo_are_rle(monkeypatch):
    dense = make_labels().pred_instances
    monkeypatch.setattr(irnet_labels, 'MASK_BYTES', dense.masks.numel() - 1)
    packed = make_labels().pred_instances
    assert len(dense.labels) > 10 and all(isinstance(mask, dict) for mask in packed.masks)
    assert list_instances(packed) == list_instances(dense)
    assert torch.equal(packed.bboxes, dense.bboxes)
