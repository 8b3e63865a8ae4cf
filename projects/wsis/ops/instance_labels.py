"""The training targets of instance heads, made from known instances (BESTIE, Kim et al., CVPR 2022, section 3.1).

Labels are a centre map, an offset to the centre and a weight for each pixel.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
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
        drawn: ``(D, 4)`` int64 rows ``sample, class, y, x`` of the centres that are drawn; those outside are not.
        num_classes: Without background.
        sigma: Standard deviation of the Gaussians in pixels.
    """
    count, height, width = numbers.shape
    places = (torch.arange(height, device=numbers.device)[:, None], torch.arange(width, device=numbers.device))
    # number 0 is a row of its own: picking the pixels of instances would make the CPU wait for a GPU
    rows = [
        torch.where(numbers > 0, F.pad(centers[:, axis], (1, 0))[numbers] - place, 0)
        for axis, place in enumerate(places)
    ]
    weight = F.pad(weights, (1, 0))[numbers][:, None]
    center = draw_centers(drawn, (count, num_classes, height, width), sigma)
    return InstanceLabels(center, torch.stack(rows, 1).to(weights.dtype), weight)


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
        inside = torch.where(accepted[:, None], components.centroids, -1)  # outside of the map nothing is drawn
        points = torch.cat([components.samples[:, None], components.labels[:, None], inside], 1)
    return make_instance_labels(numbers, components.centroids, weights, points, num_classes, sigma)
