"""Instance labels made of a network's own output: self-refinement (BESTIE, Kim et al., CVPR 2022, section 3.2)."""

import torch
from torch import Tensor

from .batch_components import Components
from .center_settings import CenterSettings
from .component_instances import find_instances, mean_inside
from .instance_labels import InstanceLabels, make_instance_labels
from .nearest_center import give_to_points


@torch.no_grad()
def refine_labels(
    probabilities: Tensor,
    center: Tensor,
    offset: Tensor,
    components: Components,
    settings: CenterSettings | None = None,
    sigma: float = 6.0,
) -> tuple[InstanceLabels, Tensor]:
    """Make labels of the network's own output (self-refinement, section 3.2).

    The weight of an instance is its centre's score times the mean probability of its class inside. An instance without
    a centre of its own inside has the centroid of its component as centre, and its probability as weight.

    Args:
        probabilities: ``(N, C + 1, H, W)`` class probabilities, background first, those of untagged classes 0.
        center: ``(N, C, H, W)`` centre maps.
        offset: ``(N, 2, H, W)`` offsets in pixels.
        components: Components of the semantic maps that are learnt.
        settings: How centres are found; BESTIE's by default.
        sigma: Of the Gaussians in pixels.

    Returns:
        The labels, and how many instances ``(K,)`` each component has in them.
    """
    settings = settings or CenterSettings()
    instances = find_instances(center, offset, components, settings)
    there = instances.areas > 0
    owner = torch.arange(len(components.labels), device=center.device)[:, None].expand_as(there)
    means = mean_inside(probabilities, instances, components)
    known = instances.scores >= settings.threshold
    weights = torch.where(known, instances.scores * means, means).clamp(0, 1)
    centers = torch.where(known[..., None], instances.centers, components.centroids[:, None])
    rows = torch.stack([components.samples[owner], components.labels[owner], *centers.unbind(-1)], -1)
    labels = make_instance_labels(
        instances.numbers, centers.flatten(0, 1), weights.flatten(), rows[there], center.shape[1], sigma
    )
    return labels, there.sum(1)


@torch.no_grad()
def refine_labels_with_points(
    offset: Tensor, label_map: Tensor, points: Tensor, num_classes: int
) -> tuple[Tensor, Tensor]:
    """Make offsets and weights of given points: each pixel belongs to a point of its class (section 3.4).

    Args:
        offset: ``(N, 2, H, W)`` offsets that the network gives, in pixels.
        label_map: ``(N, H, W)`` integers: 0 background, 1..C classes, 255 ignore.
        points: ``(D, 4)`` int64 rows ``sample, class, y, x``.
        num_classes: Without background.

    Returns:
        Offsets ``(N, 2, H, W)`` and weights ``(N, 1, H, W)``, 1 at the pixels of all classes that have a point.
    """
    numbers, slots = give_to_points(offset, label_map, points, num_classes)
    centers = torch.where(slots.isfinite(), slots, 0).long().flatten(0, 1)
    labels = make_instance_labels(numbers, centers, offset.new_ones(len(centers)), points.new_zeros(0, 4), num_classes)
    return labels.offset, labels.weight
