"""Pseudo labels of instances and their refinement from a network's own output (BESTIE, Kim et al., CVPR 2022).

Labels are a centre map, an offset to the centre and a weight for each pixel. Nothing here loops over pixels or
components, and no map goes to the CPU; what is waited for are numbers of pixels and centres.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import torch
from torch import Tensor

from .center_maps import draw_centers
from .weak_regions import find_weak_regions

# At most so many pixels of windows are looked at at once.
WINDOW_PIXELS = 2**24


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


class InstanceLabels(NamedTuple):
    """What the instance heads learn.

    Attributes:
        center: ``(N, C, H, W)`` centre maps in [0, 1].
        offset: ``(N, 2, H, W)`` offsets ``(y, x)`` to the centre, in pixels.
        weight: ``(N, 1, H, W)`` in [0, 1], 0 where nothing is to be learnt.
    """

    center: Tensor
    offset: Tensor
    weight: Tensor


@dataclass(frozen=True)
class CenterSettings:
    """How centres are found in a network's output.

    Attributes:
        threshold: Lowest score of a centre (exclusive).
        kernel: Side of the window in which a centre is the highest.
        tolerance: How much the area of a weak region may differ from 21 pixels; 0 does without weak regions.
        weak_score: Lowest centre score of a weak region (exclusive).
        distance: How far from all other centres a weak region must be, in pixels (exclusive).
        max_instances: A component with more centres is left out; None keeps all.
        keep_whole: Whether a component without a centre is one instance; else none.

    Raises:
        ValueError: If ``kernel`` is not odd and positive, or ``max_instances`` is below 1.
    """

    threshold: float = 0.3
    kernel: int = 41
    tolerance: float = 3.0
    weak_score: float = 0.05
    distance: float = 100.0
    max_instances: int | None = 5
    keep_whole: bool = False

    def __post_init__(self) -> None:
        if self.kernel < 1 or self.kernel % 2 == 0:
            raise ValueError(f'kernel must be odd and positive so that a window has a middle, got {self.kernel}')
        if self.max_instances is not None and self.max_instances < 1:
            raise ValueError(f'max_instances is 1 or more, or None for no limit; got {self.max_instances}')

    @classmethod
    def from_config(cls, owner: str, settings: Mapping[str, Any], **defaults: Any) -> 'CenterSettings':
        """Return the settings of a config.

        Args:
            owner: Where in the config they stand, for messages.
            settings: What is set there.
            defaults: What differs from the class's defaults where nothing is set.

        Raises:
            ValueError: If there is no such setting, or a value is out of its range.
        """
        known = [field.name for field in fields(cls)]
        if unknown := sorted(set(settings) - set(known)):
            raise ValueError(f'{owner}: no setting {", ".join(unknown)}; known are {", ".join(known)}')
        try:
            return cls(**{**defaults, **settings})
        except ValueError as error:
            raise ValueError(f'{owner}: {error}') from None


class Instances(NamedTuple):
    """Instances of a batch: the parts of components that belong to one centre each; K components, S slots each.

    Attributes:
        numbers: ``(N, H, W)`` int64: 0 none, else ``1 + component * S + slot``.
        scores: ``(K, S)`` highest centre score inside, 1 where a weak region made the centre.
        centers: ``(K, S, 2)`` int64 ``(y, x)`` of that score, the first of equals in raster order.
        areas: ``(K, S)`` pixels, 0 for slots without an instance.
    """

    numbers: Tensor
    scores: Tensor
    centers: Tensor
    areas: Tensor


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
    """Make the labels that semantic knowledge gives: one instance a component that holds one point (section 3.1).

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


@torch.no_grad()
def find_instances(center: Tensor, offset: Tensor, components: Components, settings: CenterSettings) -> Instances:
    """Split components into instances by the centres and offsets that a network gives (sections 3.2 and 3.4).

    Centres of a component are the highest pixels of its own class's centre map in a window, and weak regions of the
    offsets that are far from these. Its pixels go to the centre nearest to where their offset points.

    Args:
        center: ``(N, C, H, W)`` centre maps.
        offset: ``(N, 2, H, W)`` offsets in pixels.
        components: Components of the semantic maps.
        settings: How centres are found.

    Raises:
        ValueError: If the maps are of other sizes than the components.
    """
    size = tuple(components.numbers.shape)
    if (len(center), *center.shape[2:]) != size or (len(offset), *offset.shape[2:]) != size or offset.shape[1] != 2:
        raise ValueError(
            f'components of {size} need centre maps (N, C, H, W) and offsets (N, 2, H, W) of their '
            f'size, got {tuple(center.shape)} and {tuple(offset.shape)}'
        )
    scores = _pick_own_class(center, components) * (components.numbers > 0)
    found = _find_highest(scores, components, settings)
    if settings.tolerance > 0:
        weak = _find_weak(scores, offset, components, found, settings)
        scores[tuple(weak.T)] = 1.0  # how the public code marks them
        found = torch.cat([found, weak])
    slots = _fill_slots(found, components, settings)
    return _measure(find_nearest(slots, components.numbers, offset), scores, slots)


def _pick_own_class(maps: Tensor, components: Components) -> Tensor:
    """Values (N, H, W) of the class of each pixel's component, out of maps (N, C, H, W); of no meaning outside all."""
    labels = torch.cat([components.labels.new_zeros(1), components.labels])[components.numbers]
    return maps.detach().gather(1, labels[:, None])[:, 0]


def _find_highest(scores: Tensor, components: Components, settings: CenterSettings) -> Tensor:
    """Rows (sample, y, x) of pixels over the threshold that are the highest in the window, among those of their own
    component, in raster order."""
    places = (scores > settings.threshold).nonzero()
    # the small window leaves few pixels to look around at for the large one, and one of neighbours that are equal
    for kernel, alone in ((3, True), (settings.kernel, False)):
        chunks = places.split(max(1, WINDOW_PIXELS // kernel**2))
        places = torch.cat([_keep_highest(chunk, scores, components.numbers, kernel, alone) for chunk in chunks])
    return places


def _keep_highest(places: Tensor, scores: Tensor, numbers: Tensor, kernel: int, alone: bool) -> Tensor:
    """Those of the places (M, 3) that no pixel of their component in the window around them exceeds; with ``alone`` no
    earlier pixel of the window is equal either."""
    height, width = scores.shape[1:]
    step = torch.arange(-(kernel // 2), kernel // 2 + 1, device=scores.device)
    sample, y, x = places.unbind(1)
    rows, columns = y[:, None] + step, x[:, None] + step
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    around = (sample[:, None] * height + rows.clamp(0, height - 1))[:, :, None] * width
    around = around + columns.clamp(0, width - 1)[:, None, :]
    own = (sample * height + y) * width + x
    scores, numbers = scores.flatten(), numbers.flatten()
    same = inside & (numbers[around] == numbers[own][:, None, None])
    window = torch.where(same, scores[around], float('-inf')).flatten(1)
    highest = window.amax(1) <= scores[own]
    if alone:
        highest &= window[:, : kernel**2 // 2].amax(1) < scores[own]
    return places[highest]


def _find_weak(
    scores: Tensor, offset: Tensor, components: Components, found: Tensor, settings: CenterSettings
) -> Tensor:
    """Rows (sample, y, x) of weak regions with some centre score that are far from all centres of their component."""
    weak = find_weak_regions(offset.detach(), components.numbers, tolerance=settings.tolerance)
    weak = weak[scores[tuple(weak.T)] > settings.weak_score]
    same = components.numbers[tuple(weak.T)][:, None] == components.numbers[tuple(found.T)]
    distances = torch.linalg.vector_norm((weak[:, None, 1:] - found[:, 1:]).float(), dim=-1)
    return weak[~(same & (distances <= settings.distance)).any(1)]


def _group_points(owner: Tensor, places: Tensor, count: int, slots: int | None) -> tuple[Tensor, Tensor]:
    """Lay points out by owner.

    Args:
        owner: ``(M,)`` owner of each point, 0..K-1.
        places: ``(M, 2)`` its ``(y, x)``.
        count: K.
        slots: S; None takes what is needed. Owners of more points get none.

    Returns:
        ``(K, S, 2)`` places, infinite where there is none, and the number of points ``(K,)`` of each owner.
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


def _fill_slots(found: Tensor, components: Components, settings: CenterSettings) -> Tensor:
    """Centres (K, S, 2) of each component in the order found, infinite where there are fewer."""
    owner = components.numbers[tuple(found.T)] - 1
    slots, counts = _group_points(owner, found[:, 1:], len(components.labels), settings.max_instances)
    if settings.keep_whole:
        # any single centre takes the whole component
        slots[:, 0] = torch.where((counts == 0)[:, None], components.centroids.float(), slots[:, 0])
    return slots


def find_nearest(slots: Tensor, groups: Tensor, offset: Tensor) -> Tensor:
    """Give each pixel to the nearest centre of its group, from where its offset points.

    Args:
        slots: ``(K, S, 2)`` centres ``(y, x)`` of each group; infinite where there is none.
        groups: ``(N, H, W)`` int64 group of each pixel, 1..K; 0 is none.
        offset: ``(N, 2, H, W)`` offsets in pixels.

    Returns:
        ``(N, H, W)`` int64: ``1 + group * S + slot`` (group from 0), the first of equally near ones; 0 where the
        pixel has no group or its group no centre.
    """
    sample, row, column = (groups > 0).nonzero().unbind(1)
    offset = offset.detach().float()
    y, x = offset[sample, 0, row, column] + row, offset[sample, 1, row, column] + column
    group = groups[sample, row, column] - 1
    nearest, shortest = torch.zeros_like(group), torch.full_like(y, float('inf'))
    for slot in range(slots.shape[1]):
        center_y, center_x = slots[:, slot][group].unbind(-1)
        distance = ((center_y - y) ** 2 + (center_x - x) ** 2).sqrt()
        nearest = torch.where(distance < shortest, 1 + group * slots.shape[1] + slot, nearest)
        shortest = torch.minimum(distance, shortest)
    numbers = torch.zeros_like(groups)
    numbers[sample, row, column] = nearest
    return numbers


def _measure(numbers: Tensor, scores: Tensor, slots: Tensor) -> Instances:
    """Area, highest score and its first place of every instance."""
    total = slots.shape[0] * slots.shape[1] + 1
    height, width = numbers.shape[1:]
    flat, values = numbers.flatten(), scores.flatten()
    areas = torch.zeros(total, dtype=torch.long, device=flat.device).scatter_add_(0, flat, torch.ones_like(flat))
    highest = values.new_full((total,), float('-inf')).scatter_reduce_(0, flat, values, 'amax')
    place = torch.arange(len(flat), device=flat.device)
    first = torch.full_like(areas, len(flat)).scatter_reduce_(
        0, flat, torch.where(values == highest[flat], place, len(flat)), 'amin'
    )
    centers = torch.stack([first // width % height, first % width], 1)
    shape = slots.shape[:2]
    return Instances(numbers, highest[1:].view(shape), centers[1:].view(*shape, 2), areas[1:].view(shape))


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


def mean_inside(probabilities: Tensor, instances: Instances, components: Components) -> Tensor:
    """Mean probability (K, S) of its class inside each instance; 0 for slots without one."""
    own = _pick_own_class(probabilities[:, 1:], components).flatten().double()
    sums = own.new_zeros(instances.areas.numel() + 1).scatter_add_(0, instances.numbers.flatten(), own)[1:]
    return (sums.view(instances.areas.shape) / instances.areas.clamp(min=1)).float()


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
    numbers, slots = _give_to_points(offset, label_map, points, num_classes)
    centers = torch.where(slots.isfinite(), slots, 0).long().flatten(0, 1)
    labels = make_instance_labels(numbers, centers, offset.new_ones(len(centers)), points.new_zeros(0, 4), num_classes)
    return labels.offset, labels.weight


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
    numbers, slots = _give_to_points(offset, label_map, points, num_classes)
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


def _give_to_points(offset: Tensor, label_map: Tensor, points: Tensor, num_classes: int) -> tuple[Tensor, Tensor]:
    """Nearest point (N, H, W) of each pixel's class, as :func:`find_nearest` numbers them, and the points (K, S, 2) of
    each class of each sample."""
    label_map = label_map.long()
    is_class = (label_map > 0) & (label_map <= num_classes)
    samples = torch.arange(len(label_map), device=label_map.device)[:, None, None]
    groups = torch.where(is_class, samples * num_classes + label_map, 0)
    owner = points[:, 0] * num_classes + points[:, 1]
    slots, _ = _group_points(owner, points[:, 2:], len(label_map) * num_classes, None)
    return find_nearest(slots, groups, offset), slots
