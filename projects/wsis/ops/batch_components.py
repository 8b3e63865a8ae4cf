"""Connected components of the label maps of a batch, numbered through (BESTIE's instance labels are made of them)."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Components(NamedTuple):
    """Connected components of a batch of label maps (:func:`find_components` makes those of a map).

    Attributes:
        numbers: ``(N, H, W)`` int64: 0 none, else 1..K over the whole batch.
        samples: ``(K,)`` sample of each component.
        labels: ``(K,)`` 0-based class.
        centroids: ``(K, 2)`` int64 ``(y, x)``.
    """

    numbers: Tensor
    samples: Tensor
    labels: Tensor
    centroids: Tensor


def join_components(maps: Sequence[Tensor], labels: Sequence[Tensor], centroids: Sequence[Tensor]) -> Components:
    """Number the components of several label maps through.

    Args:
        maps: Components of each sample, ``(H, W)`` integers: 0 none, else 1..k.
        labels: ``(k,)`` classes of each sample's components.
        centroids: ``(k, 2)`` int64 ``(y, x)`` of each sample's components.
    """
    device, counts = maps[0].device, [len(own) for own in labels]
    starts = [sum(counts[:index]) for index in range(len(counts))]
    numbers = torch.stack([torch.where(own > 0, own.long() + start, 0) for own, start in zip(maps, starts)])
    samples = torch.cat([torch.full((count,), index, device=device) for index, count in enumerate(counts)])
    return Components(numbers, samples, *(torch.cat(list(parts)).to(device) for parts in (labels, centroids)))


def pick_own_class(maps: Tensor, components: Components) -> Tensor:
    """Values (N, H, W) of the class of each pixel's component, out of maps (N, C, H, W); of no meaning outside all."""
    labels = torch.cat([components.labels.new_zeros(1), components.labels])[components.numbers]
    return maps.detach().gather(1, labels[:, None])[:, 0]
