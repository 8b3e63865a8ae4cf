"""Samples of photos with tags and a saliency map, for the tests of EPS in all its forms."""

import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmengine.structures import PixelData

CLASSES = 3


def sample_of(size, tags=(0, 2), photo='a', saliency=True) -> DetDataSample:
    """Return a sample of a photo (height, width) whose upper half is salient."""
    sample = DetDataSample(metainfo=dict(img_id=photo, ori_shape=size, img_shape=size, tags=list(tags)))
    sample.gt_tags = F.one_hot(torch.tensor(list(tags), dtype=torch.long), CLASSES).sum(0).float()
    if saliency:
        data = torch.zeros(1, *size, dtype=torch.uint8)
        data[:, : size[0] // 2] = 255
        sample.gt_saliency = PixelData(data=data)
    return sample
