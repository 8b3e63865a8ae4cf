"""The picture of the self-refinement hook; what else it does is tested with the stage (tests/stages)."""

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import PixelData

from projects.wsis.engine.hooks import SelfRefinementHook
from projects.wsis.ops import InstanceLabels


@pytest.mark.parametrize('dtype', [torch.uint8, torch.float32])
def test_photos_have_their_colours_whatever_their_type(dtype):
    count, side = 3, 256
    photos = torch.zeros(count, 3, side, side, dtype=dtype)
    photos[:, 0] = 255  # blue, as photos are BGR
    labels = InstanceLabels(*(torch.zeros(count, channels, side, side) for channels in (2, 2, 1)))
    samples = [DetDataSample(gt_sem_seg=PixelData(data=torch.zeros(1, side, side))) for _ in range(count)]
    batch = dict(inputs=list(photos), data_samples=samples)
    page = SelfRefinementHook(draw_photos=2)._draw((labels, labels), batch, ('cat', 'dog'))
    assert (page == (0, 0, 255)).all(-1).sum() == 2 * side**2  # two photos, each once
