"""Parts of the inter-pixel losses: pair targets from a label map and normalisation over the global batch."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from mmengine.dist import all_reduce, get_world_size
from torch import Tensor

from projects.wsis.ops.affinity import source_view
from projects.wsis.structures.masks import IGNORE_LABEL

# keeps a batch without any labelled pair finite, as in the official IRNet code
COUNT_EPSILON = 1e-5

# From this many values on torch starts threads for an operation, which costs more than a small operation itself.
MOST_VALUES = 1 << 15


class PairTargets(NamedTuple):
    """What the labels say about the pairs of one destination, each ``(N, h, w)`` of 0 and 1 over the sources.

    Attributes:
        background: Both pixels are background.
        foreground: Both pixels are of one foreground class.
        negative: Both pixels are labelled, differently.
    """

    background: Tensor
    foreground: Tensor
    negative: Tensor


class LabelledPairs:
    """Compares every source pixel's label with those of its destinations.

    Args:
        label: ``(N, H, W)`` integers: 0 background, ``1 ..`` foreground classes, 255 not known.
        radius: Radius of the pair search (it sets the source region).
        dtype: Type of the targets. It is that of maps, not bool: torch compares with a bool result value by value, with
            others by vectors.
    """

    def __init__(self, label: Tensor, radius: int, dtype: torch.dtype = torch.float32) -> None:
        unknown = label == IGNORE_LABEL
        label = label.to(dtype)
        self.radius = radius
        # unknown pixels have codes that are equal to nothing
        self.sources = source_view(label.masked_fill(unknown, -1), radius)
        self.destinations = label.masked_fill(unknown, -2)
        self.known = 1 - unknown.to(dtype)
        self.known_sources = source_view(self.known, radius)
        self.background = (self.sources == 0).to(dtype)

    def find_equal(self, destination: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Return the first two of the targets that :meth:`compare` gives."""
        other = source_view(self.destinations, self.radius, destination)
        equal = torch.eq(self.sources, other, out=torch.empty_like(self.background))
        background = equal * self.background
        return background, equal.sub_(background)

    def compare(self, destination: tuple[int, int]) -> PairTargets:
        """Return the targets of one destination ``(y, x)``, each ``(N, H-(radius-1), W-2(radius-1))``.

        A pair with an unknown pixel is in none of them.
        """
        background, foreground = self.find_equal(destination)
        known = self.known_sources * source_view(self.known, self.radius, destination)
        return PairTargets(background, foreground, known.sub_(background).sub_(foreground))


def split_samples(*maps: Tensor, values: int) -> Iterator[tuple[Tensor, ...]]:
    """Yield maps ``(N, ..., H, W)`` of some samples each, on a CPU of so few that single operations are quick.

    The samples lie last in memory, so that those parts of maps that a pair search compares are long runs of it. The
    order of axes stays.

    Args:
        maps: Of the same samples.
        values: Number of values of a sample in one operation.
    """
    samples = len(maps[0])
    groups = -(-samples * values // MOST_VALUES) if maps[0].device.type == 'cpu' else 1
    for parts in zip(*(one.tensor_split(max(1, min(groups, samples))) for one in maps)):
        yield tuple(part.movedim(0, -1).contiguous().movedim(-1, 0) for part in parts)


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
