"""Averaging class maps over pixels that look alike (SEAM, Wang et al., CVPR 2020, section 3.4)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from .class_maps import EPSILON, resize_aligned

# elements of the affinity held at a time; the whole of a 1000 x 750 photo at stride 8 would take half a gigabyte
CHUNK_ELEMENTS = 1 << 24


def pixel_correlation(maps: Tensor, features: Tensor) -> Tensor:
    """Replace every pixel of class maps by the mean of all pixels, weighted by the likeness of their features.

    The weight of a pair is the rectified cosine of its features. All pixels are compared, some columns of the
    affinity at a time, so that memory stays bounded where no gradients are kept.

    Args:
        maps: ``(N, K, h, w)`` class maps; resized to the features (bilinear, aligned corners) where sizes differ.
        features: ``(N, D, H, W)`` features.

    Returns:
        ``(N, K, H, W)`` refined maps.

    Example:
        >>> maps, features = torch.rand(1, 3, 8, 8), torch.rand(1, 16, 8, 8)
        >>> pixel_correlation(maps, features).shape
        torch.Size([1, 3, 8, 8])
    """
    size = features.shape[-2:]
    maps = resize_aligned(maps, size).flatten(2)
    features = features.flatten(2)
    features = features / (features.norm(dim=1, keepdim=True) + EPSILON)
    # a row of ones gives the sums of the weights in the same product
    rows = torch.cat([maps, torch.ones_like(maps[:, :1])], 1)
    step = max(1, CHUNK_ELEMENTS // (features.shape[0] * features.shape[2]))
    sums = torch.cat([rows @ F.relu(features.mT @ part) for part in features.split(step, 2)], 2)
    return (sums[:, :-1] / (sums[:, -1:] + EPSILON)).unflatten(2, size)
