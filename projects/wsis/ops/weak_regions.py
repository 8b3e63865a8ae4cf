"""Small regions where an offset field is weak: the places of centres (BESTIE's centre clustering, section 3.2)."""

import torch
from torch import Tensor


@torch.no_grad()
def find_weak_regions(
    offsets: Tensor, components: Tensor, threshold: float = 2.5, area: int = 21, tolerance: float = 3.0
) -> Tensor:
    """Find the 4-connected regions of weak offsets that are about as large as a disc of radius 2.5.

    In a field that points to centres, the offsets around a centre are weak in a disc as large as the threshold. Labels
    are propagated on the device for as many steps as the largest region that counts can need; what has not settled by
    then is larger.

    Args:
        offsets: ``(N, 2, H, W)`` offsets in pixels.
        components: ``(N, H, W)`` integers: regions lie inside one component; 0 is none.
        threshold: Offsets shorter than this are weak.
        area: Pixels of a region that counts, give or take less than ``tolerance``.
        tolerance: BESTIE's beta.

    Returns:
        ``(M, 3)`` int64 rows ``sample, y, x``: truncated centroids of the regions, by sample, then by first pixel in
        raster order.

    Raises:
        ValueError: If shapes do not fit.
    """
    count, _, height, width = offsets.shape
    if components.shape != (count, height, width) or offsets.shape[1] != 2:
        raise ValueError(
            f'offsets (N, 2, H, W) and components (N, H, W) must fit, got {tuple(offsets.shape)} and '
            f'{tuple(components.shape)}'
        )
    # as in the public code x comes first: the order decides the rounding
    weak = ((offsets[:, 1] ** 2 + offsets[:, 0] ** 2).sqrt() < threshold) & (components > 0)
    down = weak[:, 1:] & weak[:, :-1] & (components[:, 1:] == components[:, :-1])
    right = weak[:, :, 1:] & weak[:, :, :-1] & (components[:, :, 1:] == components[:, :, :-1])
    largest = max(1, int(area + tolerance))
    labels = _propagate(weak, down, right, largest)

    flat = labels.flatten()
    sizes = torch.zeros_like(flat).scatter_add_(0, flat, torch.ones_like(flat))
    unsettled = torch.zeros_like(flat)
    for axis, linked in ((1, down), (2, right)):
        one, other = _neighbours(labels, axis)
        differs = (linked & (one != other)).long().flatten()
        for side in (one, other):
            unsettled.scatter_add_(0, side.flatten(), differs)
    place = torch.arange(len(flat), device=flat.device)
    fits = (sizes > area - tolerance) & (sizes < area + tolerance) & (unsettled == 0)
    first = (weak.flatten() & (flat == place) & fits).nonzero()[:, 0]
    coordinates = (place // width % height, place % width)
    sums = [torch.zeros_like(flat).scatter_add_(0, flat, values)[first] for values in coordinates]
    return torch.stack([first // (height * width), *(total // sizes[first] for total in sums)], dim=1)


def _neighbours(maps: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Views of maps (N, H, W) on which each pixel meets the next one along an axis."""
    length = maps.shape[axis] - 1
    return maps.narrow(axis, 0, length), maps.narrow(axis, 1, length)


def _propagate(weak: Tensor, down: Tensor, right: Tensor, steps: int) -> Tensor:
    """Spread the lowest place of each region along the links, for so many steps; places outside keep their own."""
    labels = torch.arange(weak.numel(), device=weak.device).view(weak.shape)
    for _ in range(steps):
        for axis, linked in ((1, down), (2, right)):
            one, other = _neighbours(labels, axis)
            other.copy_(torch.where(linked, torch.minimum(one, other), other))
            one.copy_(torch.where(linked, torch.minimum(one, other), one))
    return labels
