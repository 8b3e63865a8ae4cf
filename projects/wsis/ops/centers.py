"""Instance centres and the grouping of pixels around them (Panoptic-DeepLab's read-out).

For whole photos; :mod:`projects.wsis.ops.component_instances` does the same inside the components of a batch.
"""

import torch
from torch import Tensor

from .nearest_center import find_nearest
from .peaks import local_maxima


@torch.no_grad()
def find_centers(heatmap: Tensor, kernel: int = 41, threshold: float = 0.1) -> Tensor:
    """Local maxima of centre maps.

    Args:
        heatmap: ``(N, C, H, W)`` centre scores.
        kernel: Side of the square window in which a centre is the maximum, odd; clipped at the border.
        threshold: Scores have to be above it (exclusive).

    Returns:
        ``(M, 4)`` int64 rows ``sample, class, y, x`` in raster order; every pixel of a plateau is one.

    Raises:
        ValueError: If ``heatmap`` is not a floating-point ``(N, C, H, W)`` tensor or ``kernel`` is not odd and
            positive.

    Example:
        >>> heatmap = torch.zeros(1, 1, 5, 5)
        >>> heatmap[0, 0, 1, 4] = 0.5
        >>> find_centers(heatmap, kernel=3)
        tensor([[0, 0, 1, 4]])
    """
    return (local_maxima(heatmap, kernel) & (heatmap > threshold)).nonzero()


@torch.no_grad()
def group_pixels(centers: Tensor, offsets: Tensor) -> Tensor:
    """Give every pixel to the centre nearest to where its offset points.

    Args:
        centers: ``(M, 2)`` centres ``(y, x)``.
        offsets: ``(2, H, W)`` offsets ``(y, x)`` from the pixel to its centre, in pixels of the map.

    Returns:
        ``(H, W)`` int64 number ``1 .. M`` of the nearest centre, the first of equally near ones; all 0 without centres.

    Raises:
        ValueError: If a shape does not fit.

    Example:
        >>> group_pixels(torch.tensor([[0, 0], [0, 3]]), torch.zeros(2, 1, 4))
        tensor([[1, 1, 2, 2]])
    """
    if centers.dim() != 2 or centers.shape[1] != 2:
        raise ValueError(f'centers must be (M, 2) rows (y, x), got {tuple(centers.shape)}')
    if offsets.dim() != 3 or offsets.shape[0] != 2 or not offsets.is_floating_point():
        raise ValueError(
            f'offsets must be a floating-point tensor (2, H, W), got {offsets.dtype} {tuple(offsets.shape)}'
        )
    everything = torch.ones(1, *offsets.shape[1:], dtype=torch.int64, device=offsets.device)
    return find_nearest(centers[None].float(), everything, offsets[None])[0]
