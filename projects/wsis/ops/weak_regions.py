"""Small regions where an offset field is weak: the places of centres (BESTIE's centre clustering, section 3.2)."""

from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

# Pixels of a band: each weak one needs some hundred bytes.
BAND_PIXELS = 2**19


@torch.no_grad()
def find_weak_regions(
    offsets: Tensor, components: Tensor, threshold: float = 2.5, area: int = 21, tolerance: float = 3.0
) -> Tensor:
    """Find the 4-connected regions of weak offsets that are about as large as a disc of radius 2.5.

    In a field that points to centres, the offsets around a centre are weak in a disc as large as the threshold. Labels
    are propagated on the device for as many steps as the largest region that counts can need; what has not settled by
    then is larger. A CPU looks at large maps in bands of rows, because every pixel may be weak before much is learnt.

    Args:
        offsets: ``(N, 2, H, W)`` offsets in pixels.
        components: ``(N, H, W)`` integers: regions lie inside one component; 0 is none.
        threshold: Offsets shorter than this are weak.
        area: Pixels of a region that counts, give or take less than ``tolerance``.
        tolerance: BESTIE's beta.

    Returns:
        ``(M, 3)`` int64 rows ``sample, y, x``: truncated centroids of the regions, by sample, then by first pixel in
        raster order. Regions whose centroid lies outside their component are left out.

    Raises:
        ValueError: If shapes do not fit.
    """
    count, _, height, width = offsets.shape
    if components.shape != (count, height, width) or offsets.shape[1] != 2:
        raise ValueError(
            f'offsets (N, 2, H, W) and components (N, H, W) must fit, got {tuple(offsets.shape)} and '
            f'{tuple(components.shape)}'
        )
    longest = int(area + tolerance)  # as many rows as a region that counts may have
    rows = max(longest, BAND_PIXELS // max(1, width))
    if offsets.device.type != 'cpu' or height <= rows:
        return _find_in_band(offsets, components, threshold, area, tolerance)
    found = []
    for sample, top in product(range(count), range(0, height, rows)):
        first, last = max(0, top - longest), min(height, top + rows + longest)
        band = (maps[sample : sample + 1, ..., first:last, :] for maps in (offsets, components))
        found.append(_find_in_band(*band, threshold, area, tolerance, own=range(top - first, top - first + rows)))
        found[-1] += found[-1].new_tensor([sample, first, 0])
    return torch.cat(found)


def _find_in_band(
    offsets: Tensor, components: Tensor, threshold: float, area: int, tolerance: float, own: range | None = None
) -> Tensor:
    """Return what :func:`find_weak_regions` does; with ``own`` those whose first pixel lies in these rows alone.

    A region that the band cuts either begins outside of these rows, or has more pixels here than a region that counts.
    """
    # as in the official code x comes first: the order decides the rounding
    weak = ((offsets[:, 1] ** 2 + offsets[:, 0] ** 2).sqrt() < threshold) & (components > 0)
    sample, y, x = places = weak.nonzero().unbind(1)  # in raster order
    neighbours = _link(places, components)
    labels = _propagate(neighbours, max(1, int(area + tolerance)))

    sizes = _add_up(torch.ones_like(labels), labels)
    # a region has settled if all its pixels agree with their neighbours
    unsettled = _add_up((labels[neighbours] != labels[:, None]).any(1).long(), labels)
    y_mean, x_mean = (_add_up(place, labels) // sizes.clamp(min=1) for place in (y, x))
    fits = (sizes > area - tolerance) & (sizes < area + tolerance) & (unsettled == 0)
    fits &= components[sample, y_mean, x_mean] == components[sample, y, x]
    first = labels == torch.arange(len(labels), device=labels.device)
    if own is not None:
        first &= (y >= own.start) & (y < own.stop)
    return torch.stack([sample, y_mean, x_mean], dim=1)[first & fits]


def _add_up(values: Tensor, labels: Tensor) -> Tensor:
    """Sums (W,) of values by label."""
    return torch.zeros_like(values).scatter_add_(0, labels, values)


def _link(places: tuple[Tensor, ...], components: Tensor) -> Tensor:
    """For each place the numbers (W, 4) of those beside it in its component; if there is none, its own."""
    # a border on all sides, so that every pixel has neighbours
    components = F.pad(components.long(), (1, 1, 1, 1), value=-1)
    sample, y, x = places[0], places[1] + 1, places[2] + 1
    own = torch.arange(len(sample), device=sample.device)
    numbers = torch.full_like(components, -1)
    numbers[sample, y, x] = own
    found = []
    for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        beside = numbers[sample, y + down, x + right]
        linked = (beside >= 0) & (components[sample, y + down, x + right] == components[sample, y, x])
        found.append(torch.where(linked, beside, own))
    return torch.stack(found, 1)


def _propagate(neighbours: Tensor, steps: int) -> Tensor:
    """Spread the lowest number of each region along the links (W, 4), for a number of steps."""
    labels = torch.arange(len(neighbours), device=neighbours.device)
    for _ in range(steps):
        labels = torch.minimum(labels, labels[neighbours].amin(1))
    return labels
