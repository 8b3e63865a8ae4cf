"""Parts of the inter-pixel losses: pair targets from a label map and normalisation over the global batch."""

from typing import NamedTuple

import torch
from mmengine.dist import all_reduce, get_world_size
from torch import Tensor

from projects.wsis.ops.affinity import source_view
from projects.wsis.structures.masks import IGNORE_LABEL

# keeps a batch without any labelled pair finite, as in the official IRNet code
COUNT_EPSILON = 1e-5


class PairTargets(NamedTuple):
    """What the labels say about the pairs of one destination, each ``(N, h, w)`` bool over the sources.

    Attributes:
        background: Both pixels are background.
        foreground: Both pixels are of one foreground class.
        negative: Both pixels are labelled, differently.
    """

    background: Tensor
    foreground: Tensor
    negative: Tensor


def pair_targets(label: Tensor, destination: tuple[int, int], radius: int) -> PairTargets:
    """Compare every source pixel's label with that of one destination.

    Args:
        label: ``(N, H, W)`` integers: 0 background, ``1 ..`` foreground classes, 255 not known.
        destination: Offset ``(y, x)`` of the destination.
        radius: Radius of the pair search (it sets the source region).

    Returns:
        The targets, each ``(N, H-(radius-1), W-2(radius-1))``; a pair with an unknown pixel is in none of them.
    """
    source = source_view(label, radius)
    other = source_view(label, radius, destination)
    equal = source == other
    background = source == 0
    valid = (source != IGNORE_LABEL) & (other != IGNORE_LABEL)
    return PairTargets(equal & background, equal & ~background & valid, ~equal & valid)


def global_mean(sums: Tensor, counts: Tensor) -> Tensor:
    """Divide sums by the counts of all processes, ready for gradients that are averaged over processes.

    DistributedDataParallel averages the gradients of the ranks. Each rank's sum is therefore divided by the *total*
    count and multiplied by the number of ranks: the averaged gradient is then exactly that of the whole batch's
    ``sum / count``, however unevenly labelled pairs fall on the ranks. Likewise the *mean over ranks* of the returned
    values is the whole batch's loss.

    Args:
        sums: Sums over this rank's pairs, any shape, with gradient.
        counts: Number of addends behind each sum, same shape.

    Returns:
        Tensor of the same shape and the type of ``sums``.
    """
    total = counts.detach().double()
    all_reduce(total)  # sums over ranks, in place; nothing if there is one process
    return sums * (get_world_size() / (total + COUNT_EPSILON)).to(sums.dtype)


def mean_over_count(total: Tensor, count: Tensor) -> Tensor:
    """:func:`global_mean` of one sum, without an epsilon: a count of 0 is taken as 1.

    Args:
        total: Scalar with gradient.
        count: Number of this rank's addends.

    Returns:
        Scalar of the type of ``total``.
    """
    everywhere = count.detach().double()
    all_reduce(everywhere)
    return total * (get_world_size() / everywhere.clamp(min=1)).to(total.dtype)


def check_maps(name: str, maps: Tensor, channels: int, label: Tensor, radius: int) -> None:
    """Raise a ValueError that names what does not fit.

    Args:
        name: What ``maps`` are called in the message.
        maps: Should be floating-point ``(N, channels, H, W)``.
        channels: How many channels it should have.
        label: Should be integer ``(N, H, W)``, large enough for a pair of the pair search.
        radius: Of the pair search.
    """
    if maps.dim() != 4 or maps.shape[1] != channels or not maps.is_floating_point():
        raise ValueError(
            f'{name} must be a floating-point tensor (N, {channels}, H, W), got {maps.dtype} {tuple(maps.shape)}'
        )
    if label.shape != (maps.shape[0], *maps.shape[2:]) or label.is_floating_point() or label.dtype == torch.bool:
        raise ValueError(
            f'label must be an integer tensor (N, H, W) = {(maps.shape[0], *maps.shape[2:])} like the {name}, '
            f'got {label.dtype} {tuple(label.shape)}'
        )
    smallest = (radius, 2 * radius - 1)
    if label.shape[1] < smallest[0] or label.shape[2] < smallest[1]:
        raise ValueError(
            f'label maps of {label.shape[1]} x {label.shape[2]} hold no pair of pixels at radius {radius}, so the '
            f'loss would always be 0; {smallest[0]} x {smallest[1]} is the least: enlarge the crop or lower the radius'
        )
