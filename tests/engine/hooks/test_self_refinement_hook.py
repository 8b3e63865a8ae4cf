"""The picture of the self-refinement hook; what else it does is tested with the stage (tests/stages)."""

import pytest
import torch
from mmdet.models import DetDataPreprocessor
from mmdet.structures import DetDataSample
from mmengine.structures import PixelData

from projects.wsis.engine.hooks import SelfRefinementHook
from projects.wsis.ops import InstanceLabels


class GivenLabels(torch.nn.Module):
    """A detector with labels that are known."""

    def __init__(self, labels):
        super().__init__()
        self.labels = labels
        self.data_preprocessor = DetDataPreprocessor()

    def make_labels(self, inputs, samples):
        assert len(inputs) == len(samples) == 2  # no more than are drawn
        return self.labels, self.labels


@pytest.mark.parametrize('dtype', [torch.uint8, torch.float32])
def test_photos_have_their_colours_whatever_their_type(dtype):
    count, side = 3, 256
    photos = torch.zeros(count, 3, side, side, dtype=dtype)
    photos[:, 0] = 255  # blue, as photos are BGR
    labels = InstanceLabels(*(torch.zeros(count, channels, side, side) for channels in (2, 2, 1)))
    samples = [DetDataSample(gt_sem_seg=PixelData(data=torch.zeros(1, side, side))) for _ in range(count)]
    batch = dict(inputs=list(photos), data_samples=samples)
    page = SelfRefinementHook(draw_photos=2)._draw(GivenLabels(labels), batch, ('cat', 'dog'))
    assert (page == (0, 0, 255)).all(-1).sum() == 2 * side**2  # two photos, each once
