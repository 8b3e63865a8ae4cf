"""Sizes of maps that are coarser than the photo, and bringing such maps to the photo's size."""

import torch
import torch.nn.functional as F


def strided_size(size: tuple[int, int], stride: int) -> tuple[int, int]:
    """Return the size of a map of this stride: ``ceil(H / stride), ceil(W / stride)``."""
    return (size[0] - 1) // stride + 1, (size[1] - 1) // stride + 1


def find_stride(map_size: tuple[int, int], size: tuple[int, int]) -> int:
    """Return the smallest power of two by which maps of ``map_size`` (h, w) cover a photo of ``size`` (H, W).

    Raises:
        ValueError: If there is none.
    """
    for stride in (2**exponent for exponent in range(8)):
        if strided_size(size, stride) == tuple(map_size):
            return stride
    raise ValueError(
        f'Maps of size {tuple(map_size)} fit a photo of size {tuple(size)} at no stride: they were made '
        'from another photo, make them again'
    )


def upsample_maps(maps: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Bring strided maps to full size: enlarge by their stride (bilinear), then cut.

    Args:
        maps: (K, h, w) of a type that can be interpolated, with ``h = ceil(H / stride)``, ``w = ceil(W / stride)``.
        size: (H, W) of the photo.

    Returns:
        (K, H, W); the maps themselves where they are of full size.

    Raises:
        ValueError: If the maps are of no stride (a power of two).
    """
    if not len(maps):
        return maps.new_zeros((0, *size))
    stride = find_stride(maps.shape[1:], size)
    if stride == 1:
        return maps
    maps = F.interpolate(maps[None], scale_factor=stride, mode='bilinear', align_corners=False)[0]
    return maps[:, : size[0], : size[1]]
