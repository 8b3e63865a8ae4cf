"""Reading instances out of a network's output (BESTIE, Kim et al., CVPR 2022, section 3.4)."""

import torch
from torch import Tensor

from .batch_components import Components
from .center_settings import CenterSettings
from .component_instances import find_instances, mean_inside
from .nearest_center import give_to_points


@torch.no_grad()
def read_instances(
    probabilities: Tensor, center: Tensor, offset: Tensor, components: Components, settings: CenterSettings
) -> tuple[Tensor, Tensor, Tensor]:
    """Read instances out of a network's output (section 3.4).

    The score of an instance is its centre's score times the mean probability of its class inside; where a weak region
    made the centre, that probability takes the place of its score. It is 0 where the centre map is not above 0 anywhere
    in the instance, which ``InstanceWriter`` leaves out of labels.

    Args:
        probabilities: ``(N, C + 1, H, W)`` class probabilities, background first.
        center: ``(N, C, H, W)`` centre maps.
        offset: ``(N, 2, H, W)`` offsets in pixels.
        components: Components of the strongest classes.
        settings: How centres are found.

    Returns:
        ``(N, H, W)`` int64 instance of each pixel, 1..M over the batch, 0 none; component ``(M,)`` of each, from 0; and
        score ``(M,)``, 0 or more.
    """
    instances = find_instances(center, offset, components, settings)
    means = mean_inside(probabilities, instances, components)
    scores = torch.where(instances.scores >= 1, means, instances.scores.clamp(min=0)) * means
    numbers, there = _number_through(instances.numbers, instances.areas.flatten() > 0)
    return numbers, there // instances.areas.shape[1], scores.flatten()[there]


@torch.no_grad()
def read_instances_of_points(
    probabilities: Tensor, offset: Tensor, label_map: Tensor, points: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Read the instances of given points out of a network's output: each pixel belongs to a point of its class.

    Args:
        probabilities: ``(N, C + 1, H, W)`` class probabilities, background first.
        offset: ``(N, 2, H, W)`` offsets in pixels.
        label_map: ``(N, H, W)`` strongest class of each pixel, 0 background.
        points: ``(D, 4)`` int64 rows ``sample, class, y, x``.

    Returns:
        ``(N, H, W)`` int64 instance of each pixel, 1..M over the batch, 0 none; class ``(M,)`` of each; and score
        ``(M,)``, the mean probability of its class inside.
    """
    num_classes = probabilities.shape[1] - 1
    numbers, slots = give_to_points(offset, label_map, points, num_classes)
    strongest = probabilities.gather(1, label_map.long()[:, None])[:, 0].flatten().double()
    total = slots.shape[0] * slots.shape[1] + 1
    areas = strongest.new_zeros(total).scatter_add_(0, numbers.flatten(), torch.ones_like(strongest))[1:]
    sums = strongest.new_zeros(total).scatter_add_(0, numbers.flatten(), strongest)[1:]
    renumbered, there = _number_through(numbers, areas > 0)
    classes = there // slots.shape[1] % num_classes
    return renumbered, classes, (sums[there] / areas[there]).float()


def _number_through(numbers: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
    """Number the instances that are there from 1, and tell which they are.

    Args:
        numbers: ``(N, H, W)`` int64, 0 none, else 1 + instance.
        there: ``(M,)`` bool.
    """
    table = torch.cat([there.new_zeros(1), there])
    return (table.cumsum(0) * table)[numbers], there.nonzero()[:, 0]
