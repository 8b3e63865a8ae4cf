"""Running a model on reduced copies of large images, and resizing the results to the original size."""

from dataclasses import replace

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData, PixelData

from ...structures.mask_scaling import scale_class_map, scale_mask
from ...structures.photo_file import reduce_photo
from ...visualization.colors import to_array
from .inputs import NewImage


def reduce_image(image: NewImage, long_side: int | None) -> NewImage:
    """Return an image whose longer side has at most so many pixels; None leaves it as it is."""
    return replace(image, pixels=reduce_photo(image.pixels, long_side))


def enlarge_sample(sample: DetDataSample, size: tuple[int, int]) -> DetDataSample:
    """Bring masks, boxes and the semantic map of a reduced image to the size (H, W) of the image itself, in place.

    CAMs, boundaries and displacements stay at the stride of the reduced image.
    """
    own = tuple(sample.ori_shape)
    if own == tuple(size):
        return sample
    if 'pred_instances' in sample:
        sample.pred_instances = _enlarge_instances(sample.pred_instances, own, size)
    if 'pred_sem_seg' in sample:
        labels = to_array(sample.pred_sem_seg.data)[0].astype(np.uint8)
        sample.pred_sem_seg = PixelData(data=torch.from_numpy(scale_class_map(labels, size))[None])
    sample.set_metainfo(dict(ori_shape=tuple(size)))
    return sample


def _enlarge_instances(found: InstanceData, own: tuple[int, int], size: tuple[int, int]) -> InstanceData:
    masks = [scale_mask(to_array(mask).astype(np.uint8), size) for mask in found.masks]
    factors = torch.tensor([size[1] / own[1], size[0] / own[0]] * 2)
    return InstanceData(
        masks=torch.from_numpy(np.array(masks, bool).reshape(-1, *size)),
        bboxes=found.bboxes.cpu() * factors,
        labels=found.labels.cpu(),
        scores=found.scores.cpu(),
    )
