"""Giving pixels to the nearest centre of their group, from where their offset points.

Nothing here loops over pixels or groups; what is waited for is the largest number of centres of a group.
"""

import torch
from torch import Tensor

# How many pixels a CPU assigns in one step.
BAND_PIXELS = 2**18


def group_points(owner: Tensor, places: Tensor, count: int, slots: int | None) -> tuple[Tensor, Tensor]:
    """Lay points out by owner.

    Args:
        owner: ``(M,)`` owner of each point, 0..K-1.
        places: ``(M, 2)`` its ``(y, x)``.
        count: K.
        slots: S; None takes what is needed. Owners of more points get none.

    Returns:
        ``(K, S, 2)`` places, infinite if there is none, and the number of points ``(K,)`` of each owner.
    """
    order = owner.argsort(stable=True)
    owner, places = owner[order], places[order]
    counts = torch.zeros(count, dtype=torch.long, device=owner.device).scatter_add_(0, owner, torch.ones_like(owner))
    if slots is None:
        slots = max(1, int(counts.max())) if count else 1
    rank = torch.arange(len(owner), device=owner.device) - (counts.cumsum(0) - counts)[owner]
    # what does not fit goes to an entry that is cut off
    entries = torch.where(counts[owner] <= slots, owner * slots + rank, count * slots)
    laid_out = torch.full((count * slots + 1, 2), float('inf'), device=owner.device)
    laid_out[entries] = places.float()
    return laid_out[:-1].view(count, slots, 2), counts


def find_nearest(slots: Tensor, groups: Tensor, offset: Tensor) -> Tensor:
    """Give each pixel to the nearest centre of its group, from where its offset points.

    Args:
        slots: ``(K, S, 2)`` centres ``(y, x)`` of each group; infinite if there is none.
        groups: ``(N, H, W)`` int64 group of each pixel, 1..K; 0 is none.
        offset: ``(N, 2, H, W)`` offsets in pixels.

    Returns:
        ``(N, H, W)`` int64: ``1 + group * S + slot`` (group from 0), the first of equally near ones; 0 where the
        pixel has no group or its group no centre.
    """
    numbers = torch.zeros_like(groups)
    rows = max(1, BAND_PIXELS // max(1, groups[:, 0].numel()))
    if groups.device.type != 'cpu':
        rows = max(1, groups.shape[1])  # in one go
    for top in range(0, groups.shape[1], rows):
        band = slice(top, top + rows)
        _find_nearest_in_band(slots, groups[:, band], offset[:, :, band], top, numbers[:, band])
    return numbers


def _find_nearest_in_band(slots: Tensor, groups: Tensor, offset: Tensor, top: int, numbers: Tensor) -> None:
    """Write what :func:`find_nearest` gives for some rows, from ``top`` on, into their ``numbers`` (N, h, W)."""
    sample, row, column = (groups > 0).nonzero().unbind(1)
    offset = offset.detach()
    y = offset[sample, 0, row, column].float() + (row + top)
    x = offset[sample, 1, row, column].float() + column
    group = groups[sample, row, column] - 1
    nearest, shortest = torch.zeros_like(group), torch.full_like(y, float('inf'))
    for slot in range(slots.shape[1]):
        center_y, center_x = slots[:, slot][group].unbind(-1)
        distance = ((center_y - y) ** 2 + (center_x - x) ** 2).sqrt()
        nearest = torch.where(distance < shortest, 1 + group * slots.shape[1] + slot, nearest)
        shortest = torch.minimum(distance, shortest)
    numbers[sample, row, column] = nearest


def give_to_points(offset: Tensor, label_map: Tensor, points: Tensor, num_classes: int) -> tuple[Tensor, Tensor]:
    """Nearest point (N, H, W) of each pixel's class, as :func:`find_nearest` numbers them, and the points (K, S, 2) of
    each class of each sample."""
    label_map = label_map.long()
    is_class = (label_map > 0) & (label_map <= num_classes)
    samples = torch.arange(len(label_map), device=label_map.device)[:, None, None]
    groups = torch.where(is_class, samples * num_classes + label_map, 0)
    owner = points[:, 0] * num_classes + points[:, 1]
    slots, _ = group_points(owner, points[:, 2:], len(label_map) * num_classes, None)
    return find_nearest(slots, groups, offset), slots
