"""The training targets of instance heads, made from known instances (BESTIE, Kim et al., CVPR 2022, section 3.1).

Labels are a centre map, an offset to the centre and a weight for each pixel.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from .batch_components import Components
from .center_maps import draw_centers


class InstanceLabels(NamedTuple):
    """Training targets of the instance heads.

    Attributes:
        center: ``(N, C, H, W)`` centre maps in [0, 1].
        offset: ``(N, 2, H, W)`` offsets ``(y, x)`` to the centre, in pixels.
        weight: ``(N, 1, H, W)`` in [0, 1], 0 where nothing is to be learnt.
    """

    center: Tensor
    offset: Tensor
    weight: Tensor


def make_instance_labels(
    numbers: Tensor, centers: Tensor, weights: Tensor, drawn: Tensor, num_classes: int, sigma: float = 6.0
) -> InstanceLabels:
    """Make the labels of instances whose pixels, centres and weights are known.

    Args:
        numbers: ``(N, H, W)`` int64 instance of each pixel, 1..M; 0 is none.
        centers: ``(M, 2)`` int64 ``(y, x)``.
        weights: ``(M,)`` weight of the pixels of each.
        drawn: ``(D, 4)`` int64 rows ``sample, class, y, x`` of the centres that are drawn.
        num_classes: Without background.
        sigma: Standard deviation of the Gaussians in pixels.
    """
    count, height, width = numbers.shape
    sample, row, column = (numbers > 0).nonzero().unbind(1)
    own = numbers[sample, row, column] - 1
    offset = weights.new_zeros(count, 2, height, width)
    for axis, place in enumerate((row, column)):
        offset[sample, axis, row, column] = (centers[own, axis] - place).to(offset)
    weight = weights.new_zeros(count, 1, height, width)
    weight[sample, 0, row, column] = weights[own]
    return InstanceLabels(draw_centers(drawn, (count, num_classes, height, width), sigma), offset, weight)


def make_pseudo_labels(
    components: Components, accepted: Tensor, num_classes: int, sigma: float = 6.0, points: Tensor | None = None
) -> InstanceLabels:
    """Make labels from semantic knowledge: one instance per component that holds one point (section 3.1).

    Args:
        components: Components of the semantic maps.
        accepted: ``(K,)`` bool: components with exactly one point of their class; the others weigh nothing
            (instance-aware guidance).
        num_classes: Without background.
        sigma: Of the Gaussians in pixels.
        points: ``(D, 4)`` int64 rows ``sample, class, y, x`` of given points, which are drawn then; else the
            centroids of the accepted components are.
    """
    weights = accepted.float()
    numbers = torch.where(torch.cat([accepted.new_zeros(1), accepted])[components.numbers], components.numbers, 0)
    if points is None:
        rows = torch.cat([components.samples[:, None], components.labels[:, None], components.centroids], 1)
        points = rows[accepted]
    return make_instance_labels(numbers, components.centroids, weights, points, num_classes, sigma)
