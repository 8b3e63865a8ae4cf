"""Finding the strongest of many score maps at each pixel of the photo, without enlarging all of them at once."""

import torch

from .strides import upsample_maps

# Largest number of bytes of score maps that are enlarged to the size of the photo at once.
CHUNK_BYTES = 64 * 2**20


def split_into_chunks(scores: torch.Tensor, size: tuple[int, int]) -> tuple[torch.Tensor, ...]:
    """Split maps (M, h, w) along their first axis into parts that may be enlarged to (H, W) at once."""
    return scores.split(max(1, CHUNK_BYTES // (size[0] * size[1] * scores.element_size()))) if len(scores) else ()


def strongest_map(scores: torch.Tensor, size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Enlarge maps by their stride and compare them pixel by pixel.

    Args:
        scores: ``(M, h, w)``, none below 0, with ``h = ceil(H / stride)``, ``w = ceil(W / stride)``.
        size: ``(H, W)`` of the photo.

    Returns:
        The channel ``(H, W)`` int64 whose enlarged map is largest, of equal ones the first, and its score ``(H, W)``;
        without maps both are 0.
    """
    winner = torch.zeros(size, dtype=torch.long, device=scores.device)
    best = scores.new_zeros(size)
    first = 0
    for chunk in split_into_chunks(scores, size):
        highest, channel = upsample_maps(chunk, size).max(0)
        better = highest > best
        winner = torch.where(better, channel + first, winner)
        best = torch.where(better, highest, best)
        first += len(chunk)
    return winner, best
