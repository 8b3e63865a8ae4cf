"""From a displacement field to instances (IRNet, Ahn et al., CVPR 2019, section 4.3).

Every pixel's displacement points to the centroid of its instance. Following the field again and again leads all pixels
of an instance to nearly the same place; places are grouped by the regions where the field is weak.
"""

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage
from torch import Tensor

# Number of steps after which (and then at every doubling) pixels that have met are followed as one.
FIRST_MERGE = 8
# Number of steps after which the positions are compared with those after the last merge.
CYCLE_CHECK = 4


@torch.no_grad()
def refine_displacement(displacement: Tensor, iterations: int = 300) -> Tensor:
    """Follow the displacement field from every pixel (IRNet's centroid refinement).

    Each step adds the bilinearly interpolated displacement at the current position and clips to the map. Positions are
    float32 and steps are computed in float64, as in the official code. Once two pixels stand at the very same position
    they share all further steps, so they are merged; and once all positions repeat, the rest is known. Both are exact.

    Args:
        displacement: ``(N, 2, H, W)`` displacement in pixels of the map, ``(y, x)``.
        iterations: Number of steps.

    Returns:
        ``(N, 2, H, W)`` position ``(y, x)`` that each pixel reaches, not rounded, in the type of ``displacement``.

    Raises:
        ValueError: If ``displacement`` is not a floating-point ``(N, 2, H, W)`` tensor or holds NaN or infinity.

    Example:
        >>> field = torch.zeros(1, 2, 1, 5)
        >>> field[0, 1, 0] = torch.tensor([1.0, 1.0, 0.0, -1.0, -1.0])
        >>> refine_displacement(field)[0, 1, 0]
        tensor([2., 2., 2., 2., 2.])
    """
    _check_displacement(displacement)
    if iterations < 0:
        raise ValueError(f'iterations must be >= 0, got {iterations}')
    height, width = displacement.shape[2:]
    centroids = torch.empty_like(displacement, memory_format=torch.contiguous_format)
    if displacement.numel() == 0:
        return centroids
    rows = torch.arange(height, device=displacement.device, dtype=torch.float32)
    columns = torch.arange(width, device=displacement.device, dtype=torch.float32)
    start = torch.stack(torch.meshgrid(rows, columns, indexing='ij')).view(2, -1)
    for field, result in zip(displacement, centroids):
        reached = _follow(field, start, iterations)
        result.copy_(reached.view(2, height, width))
    return centroids


def cluster_displacement(displacement: Tensor, threshold: float = 2.5, iterations: int = 300) -> Tensor:
    """Instance of every pixel from the displacement field: :func:`refine_displacement`, then :func:`cluster_centroids`.

    Args:
        displacement: ``(N, 2, H, W)`` displacement in pixels of the map, ``(y, x)``.
        threshold: Length of displacement below which a pixel belongs to a weak region, a centroid's neighbourhood.
        iterations: Number of refinement steps.

    Returns:
        ``(N, H, W)`` int64 instance map with the values ``0 .. K-1`` in each sample, every one of them used.

    Raises:
        ValueError: As :func:`refine_displacement`.
    """
    return cluster_centroids(refine_displacement(displacement, iterations).round(), displacement, threshold)


@torch.no_grad()
def cluster_centroids(centroids: Tensor, displacement: Tensor, threshold: float = 2.5) -> Tensor:
    """Group pixels by the weak region in which their centroid lies.

    Weak regions are the 4-connected components of ``|displacement| < threshold``, in raster order; the background is
    one like any other. All pixels whose centroid lies in no weak region form one common cluster, the first.

    Args:
        centroids: ``(N, 2, H, W)`` whole-numbered positions ``(y, x)`` inside the map.
        displacement: ``(N, 2, H, W)`` displacement in pixels of the map.
        threshold: See :func:`cluster_displacement`.

    Returns:
        ``(N, H, W)`` int64, ``0 .. K-1``: unused regions are left out of the count.

    Raises:
        ValueError: If the shapes differ or a position is outside the map.
    """
    _check_displacement(displacement)
    height, width = displacement.shape[2:]
    if centroids.shape != displacement.shape:
        raise ValueError(
            f'centroids {tuple(centroids.shape)} and displacement {tuple(displacement.shape)} '
            'must have one shape (N, 2, H, W)'
        )
    y, x = centroids.long().unbind(1)
    if ((y < 0) | (y >= height) | (x < 0) | (x >= width)).any():
        raise ValueError(f'centroids must lie inside the {height}x{width} map: clip them, as refine_displacement does')
    weak = torch.linalg.vector_norm(displacement, dim=1) < threshold
    clusters = torch.empty_like(y)
    for sample, mask in enumerate(weak.cpu().numpy()):
        # connected components have no tensor operation; scipy's default structure is the 4-neighbourhood
        regions = torch.from_numpy(ndimage.label(mask)[0].astype(np.int64)).to(y.device)
        labels = regions[y[sample], x[sample]]
        clusters[sample] = torch.unique(labels, return_inverse=True)[1]
    return clusters


def _follow(field: Tensor, start: Tensor, iterations: int) -> Tensor:
    """Positions ``(2, M)`` float32 after the steps, for one field ``(2, H, W)`` and start positions ``(2, M)``."""
    height, width = field.shape[1:]
    tables = _bilinear_tables(field.double())
    positions = start
    origin = None  # which of the merged positions each start position has joined
    snapshot, snapshot_step = positions, 0
    next_merge = FIRST_MERGE
    step = 0
    while step < iterations:
        positions = _step(tables, positions, height, width)
        step += 1
        if step == next_merge:
            positions, joined = _merge_equal(positions)
            origin = joined if origin is None else joined[origin]
            snapshot, snapshot_step = positions, step
            next_merge *= 2
        elif step % CYCLE_CHECK == 0 and torch.equal(positions, snapshot):
            # back where it was at the snapshot: only the rest of the last round remains to be walked
            iterations = step + (iterations - step) % (step - snapshot_step)
    return positions if origin is None else positions[:, origin]


def _step(tables: list[tuple[Tensor, ...]], positions: Tensor, height: int, width: int) -> Tensor:
    """One refinement step of positions ``(2, M)``: few, large and contiguous operations, for this is the inner loop."""
    exact = positions.double()
    # Cutting off rounds down, as positions are not negative; torch's floor would start threads for these few numbers.
    corner = positions.int()
    place = torch.add(corner[1], corner[0], alpha=width)
    y, x = (exact - corner.double()).unbind(0)
    for coordinate, table in zip(exact, tables):
        # four 1-D look-ups are several times faster than one of rows
        a, b, c, d = (part.index_select(0, place) for part in table)
        coordinate.add_(a.addcmul_(b, x).addcmul_(c.addcmul_(d, x), y))
    positions = exact.float()
    positions[0].clamp_(0, height - 1)
    positions[1].clamp_(0, width - 1)
    return positions


def _bilinear_tables(field: Tensor) -> list[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """For each channel ``a, b, c, d``: the value is ``a + b x + y (c + d x)`` in the cell below right of a pixel."""
    padded = F.pad(field[None], (0, 1, 0, 1), mode='replicate')[0]
    right = padded.diff(dim=2)
    down = padded.diff(dim=1)
    parts = (field, right[:, :-1], down[:, :, :-1], right.diff(dim=1))
    return [tuple(part[channel].flatten() for part in parts) for channel in range(2)]


def _merge_equal(positions: Tensor) -> tuple[Tensor, Tensor]:
    """The different ones of float32 positions ``(2, M)``, and for each of the M the index of its own."""
    # adding 0 turns -0 into 0; the bits of other non-negative numbers are unique, and two of them fit one int64
    bits = (positions + 0.0).view(torch.int32).long()
    keys, joined = torch.unique((bits[0] << 32) | bits[1], return_inverse=True)
    merged = torch.stack([keys >> 32, keys & 0xFFFFFFFF]).int().view(torch.float32)
    return merged, joined


def _check_displacement(displacement: Tensor) -> None:
    if displacement.dim() != 4 or displacement.shape[1] != 2 or not displacement.is_floating_point():
        raise ValueError(
            'displacement must be a floating-point tensor (N, 2, H, W) in (y, x) order, '
            f'got {displacement.dtype} {tuple(displacement.shape)}'
        )
    if not torch.isfinite(displacement).all():
        raise ValueError('displacement holds NaN or infinity: check the network that made it')
