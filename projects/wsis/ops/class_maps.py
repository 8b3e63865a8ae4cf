"""Normalising and cleaning class maps, as in SEAM (Wang et al., CVPR 2020) and PPC (Du et al., CVPR 2022).

Class maps are ``(..., C + 1, H, W)`` with the background first, unless a docstring says otherwise.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

# inside divisions and as the smallest response that counts, as in the official codes of SEAM and PPC
EPSILON = 1e-5


def max_norm(maps: Tensor) -> Tensor:
    """Rectify maps and bring each from its minimum to its maximum into [0, 1].

    Args:
        maps: ``(..., H, W)`` class maps of any sign.

    Returns:
        Same shape; a map without positive values is 0. Gradients flow through minimum and maximum too.
    """
    maps = F.relu(maps)
    highest = maps.amax((-2, -1), keepdim=True)
    lowest = maps.amin((-2, -1), keepdim=True)
    return F.relu(maps - lowest - EPSILON) / (highest - lowest + EPSILON)


def score_maps(maps: Tensor, background_score: float) -> Tensor:
    """Turn class maps into the confidences by which PPC picks pixels (its section 3.2).

    Args:
        maps: ``(N, C + 1, H, W)`` class maps.
        background_score: Score of the background at every pixel, independent of its map.

    Returns:
        ``(N, C + 1, H, W)``, at most 1. As in the official code a map without response is -1 everywhere, and pixels at
        the minimum of a map are below 0.
    """
    maps = F.relu(maps)
    highest = maps.amax((-2, -1), keepdim=True)
    lowest = maps.amin((-2, -1), keepdim=True)
    maps = maps.masked_fill(maps < lowest + EPSILON, 0)
    scores = (maps - lowest - EPSILON) / (highest - lowest + EPSILON)
    scores[:, 0] = background_score
    return scores


def clean_maps(maps: Tensor) -> Tensor:
    """Make the maps that SEAM's pixel correlation module refines: one foreground class per pixel.

    Args:
        maps: ``(N, C + 1, H, W)`` raw class maps.

    Returns:
        Same shape, in [0, 1]: each map by its maximum, background ``1 - max(foreground)``, and in the foreground only
        the strongest class of each pixel.
    """
    highest = F.relu(maps.amax((-2, -1), keepdim=True)) + EPSILON  # never 0, however far below 0 a map is
    maps = F.relu(maps - EPSILON) / highest
    return keep_strongest(with_background(maps))


def with_background(maps: Tensor) -> Tensor:
    """Replace the background by ``1 - max(foreground)`` of maps ``(N, C + 1, H, W)``."""
    foreground = maps[:, 1:]
    return torch.cat([1 - foreground.amax(1, keepdim=True), foreground], 1)


def keep_strongest(maps: Tensor, untouched: int = 0) -> Tensor:
    """Set all but the strongest map of each pixel to 0 in maps ``(N, C + 1, H, W)``; ties stay.

    Args:
        maps: Class maps.
        untouched: The channel that is not compared and stays as it is: the background.
    """
    compared = torch.cat([maps[:, :untouched], maps[:, untouched + 1 :]], 1)
    weaker = maps < compared.amax(1, keepdim=True)
    weaker[:, untouched] = False
    return maps.masked_fill(weaker, 0)


def resize_aligned(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize maps ``(N, C, H, W)`` bilinearly with aligned corners, as all of SEAM and PPC; same size, same maps."""
    if tuple(maps.shape[-2:]) == tuple(size):
        return maps
    return F.interpolate(maps, tuple(size), mode='bilinear', align_corners=True)
