"""Peaks of class heat maps (point extraction of BESTIE, Kim et al., CVPR 2022)."""

import torch
import torch.nn.functional as F
from torch import Tensor


@torch.no_grad()
def find_peaks(
    heatmap: Tensor, kernel: int = 15, threshold: float = 0.1, topk: int | None = None, alone: bool = False
) -> Tensor:
    """Local maxima: pixels that equal the maximum of the window around them.

    Windows are clipped at the border.

    Args:
        heatmap: ``(N, C, H, W)`` scores.
        kernel: Side of the square window, odd.
        threshold: Lowest score of a peak (inclusive).
        topk: Maximal number of peaks per sample and class, the strongest; ``None`` keeps all.
        alone: Whether a pixel beside an earlier one (in raster order) of the same score is left out; else every pixel
            of a plateau is a peak.

    Returns:
        ``(M, 5)`` rows ``sample, class, y, x, score`` in the type of ``heatmap``, by sample, class, falling score, then
        raster order.

    Raises:
        ValueError: If ``heatmap`` is not a floating-point ``(N, C, H, W)`` tensor, ``kernel`` is not odd and positive,
            or ``topk`` is not positive.

    Example:
        >>> heatmap = torch.zeros(1, 2, 5, 5)
        >>> heatmap[0, 1, 2, 3] = 0.5
        >>> find_peaks(heatmap, kernel=3)
        tensor([[0.0000, 1.0000, 2.0000, 3.0000, 0.5000]])
    """
    if topk is not None and topk < 1:
        raise ValueError(f'topk must be positive or None, got {topk}')
    found = local_maxima(heatmap, kernel) & (heatmap >= threshold)
    if alone:
        found &= _is_first_of_equals(heatmap)
    places = found.nonzero()  # raster order
    scores = heatmap[found]
    group = places[:, 0] * heatmap.shape[1] + places[:, 1]
    by_score = scores.argsort(descending=True, stable=True)
    order = by_score[group[by_score].argsort(stable=True)]
    if topk is not None:
        order = order[_rank_in_group(group[order]) < topk]
    return torch.cat([places[order].to(heatmap.dtype), scores[order, None]], dim=1)


def local_maxima(heatmap: Tensor, kernel: int) -> Tensor:
    """Return which pixels equal the maximum of the ``kernel x kernel`` window around them (clipped at the border).

    Args:
        heatmap: ``(N, C, H, W)`` scores.
        kernel: Side of the window, odd.

    Returns:
        ``(N, C, H, W)`` bool.

    Raises:
        ValueError: If ``heatmap`` is not a floating-point ``(N, C, H, W)`` tensor or ``kernel`` is not odd and
            positive.
    """
    if heatmap.dim() != 4 or not heatmap.is_floating_point():
        raise ValueError(
            f'heatmap must be a floating-point tensor (N, C, H, W), got {heatmap.dtype} {tuple(heatmap.shape)}'
        )
    if kernel < 1 or kernel % 2 == 0:
        raise ValueError(f'kernel must be odd and positive so that a window has a middle, got {kernel}')
    if heatmap.numel() == 0:
        return torch.zeros_like(heatmap, dtype=torch.bool)
    # a square maximum is a maximum over rows of maxima over columns
    rows = F.max_pool2d(heatmap, (kernel, 1), stride=1, padding=(kernel // 2, 0))
    return F.max_pool2d(rows, (1, kernel), stride=1, padding=(0, kernel // 2)) == heatmap


def _is_first_of_equals(heatmap: Tensor) -> Tensor:
    """Return which pixels ``(N, C, H, W)`` differ from their neighbours in the row above and on the left."""
    height, width = heatmap.shape[2:]
    padded = F.pad(heatmap, (1, 1, 1, 0), value=float('nan'))  # equals nothing
    first = heatmap != padded[..., 1:, :width]
    for column in range(3):
        first &= heatmap != padded[..., :height, column : column + width]
    return first


def _rank_in_group(group: Tensor) -> Tensor:
    """Position of each entry among those of its group, for sorted group numbers."""
    _, counts = torch.unique_consecutive(group, return_counts=True)
    starts = counts.cumsum(0) - counts
    return torch.arange(len(group), device=group.device) - starts.repeat_interleave(counts)
