"""Splitting components into instances by a network's centres and offsets (BESTIE, Kim et al., CVPR 2022).

Nothing here loops over pixels or components, and no map goes to the CPU; what is waited for are numbers of pixels and
centres.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from .batch_components import Components, pick_own_class
from .center_settings import CenterSettings
from .nearest_center import find_nearest, group_points
from .weak_regions import find_weak_regions

# Largest number of window pixels that are processed at once.
WINDOW_PIXELS = 2**24


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


@torch.no_grad()
def find_instances(center: Tensor, offset: Tensor, components: Components, settings: CenterSettings) -> Instances:
    """Split components into instances by the centres and offsets that a network predicts (sections 3.2 and 3.4).

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
    scores = pick_own_class(center, components) * (components.numbers > 0)
    found = _find_highest(scores, components, settings)
    if settings.tolerance > 0:
        weak = _find_weak(scores, offset, components, found, settings)
        scores[tuple(weak.T)] = 1.0  # how the official code marks them
        found = torch.cat([found, weak])
    slots = _fill_slots(found, components, settings)
    return _measure(find_nearest(slots, components.numbers, offset), scores, slots)


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


def _fill_slots(found: Tensor, components: Components, settings: CenterSettings) -> Tensor:
    """Centres (K, S, 2) of each component in the order found, infinite where there are fewer."""
    owner = components.numbers[tuple(found.T)] - 1
    slots, counts = group_points(owner, found[:, 1:], len(components.labels), settings.max_instances)
    if settings.keep_whole:
        # any single centre takes the whole component
        slots[:, 0] = torch.where((counts == 0)[:, None], components.centroids.float(), slots[:, 0])
    return slots


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


def mean_inside(probabilities: Tensor, instances: Instances, components: Components) -> Tensor:
    """Mean probability (K, S) of its class inside each instance; 0 for slots without one."""
    own = pick_own_class(probabilities[:, 1:], components).flatten().double()
    sums = own.new_zeros(instances.areas.numel() + 1).scatter_add_(0, instances.numbers.flatten(), own)[1:]
    return (sums.view(instances.areas.shape) / instances.areas.clamp(min=1)).float()
