"""Centre heatmaps of instances (Panoptic-DeepLab's targets, as BESTIE draws them)."""

import torch
from torch import Tensor


@torch.no_grad()
def draw_centers(centers: Tensor, size: tuple[int, int, int, int], sigma: float = 6.0) -> Tensor:
    """Draw a Gaussian of height 1 around each centre; where several meet, the highest counts.

    A Gaussian is cut off at a square of ``3 sigma + 1`` pixels to each side, as in the official codes.

    Args:
        centers: ``(M, 4)`` int64 rows ``sample, class, y, x``; those outside the map are left out.
        size: ``(N, C, H, W)`` of the maps.
        sigma: Standard deviation in pixels.

    Returns:
        ``(N, C, H, W)`` float32 in [0, 1].

    Raises:
        ValueError: If ``centers`` is not of this form or ``sigma`` is not positive.

    Example:
        >>> draw_centers(torch.tensor([[0, 0, 0, 1]]), (1, 1, 1, 3), sigma=1)[0, 0]
        tensor([[0.6065, 1.0000, 0.6065]])
    """
    if centers.dim() != 2 or centers.shape[1] != 4 or centers.is_floating_point():
        raise ValueError(
            f'centers must be integer rows (M, 4) of sample, class, y, x; got {centers.dtype} {tuple(centers.shape)}'
        )
    if sigma <= 0:
        raise ValueError(f'sigma must be positive, got {sigma}')
    count, classes, height, width = size
    reach = int(3 * sigma) + 1
    step = torch.arange(-reach, reach + 1, device=centers.device)
    bell = torch.exp(-(step.double() ** 2) / (2 * sigma**2))
    sample, label, y, x = centers.unbind(1)
    rows, columns = y[:, None] + step, x[:, None] + step
    centre_inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    rows_inside = (rows >= 0) & (rows < height) & centre_inside[:, None]
    inside = rows_inside[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    values = torch.where(inside, (bell[:, None] * bell).float(), 0.0)
    places = ((sample * classes + label)[:, None, None] * height + rows[:, :, None]) * width + columns[:, None, :]
    maps = torch.zeros(count * classes * height * width, device=centers.device)
    maps.scatter_reduce_(0, places.where(inside, 0).flatten(), values.flatten(), 'amax')
    return maps.view(size)
