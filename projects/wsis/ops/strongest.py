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
    strongest = Strongest(size, scores)
    strongest.add(scores)
    return strongest.winner, strongest.best


class Strongest:
    """:func:`strongest_map` of maps that come in parts.

    Args:
        size: ``(H, W)`` of the photo.
        like: A tensor of the type and device of the maps.

    Attributes:
        winner: The channel ``(H, W)`` int64 of those added so far, counted through all parts.
        best: Its score.
    """

    def __init__(self, size: tuple[int, int], like: torch.Tensor) -> None:
        self.winner = torch.zeros(size, dtype=torch.long, device=like.device)
        self.best = like.new_zeros(size)
        self.count = 0

    def add(self, scores: torch.Tensor) -> None:
        """Compare further maps ``(M, h, w)``, none below 0, with those before."""
        for chunk in split_into_chunks(scores, tuple(self.best.shape)):
            highest, channel = upsample_maps(chunk, tuple(self.best.shape)).max(0)
            better = highest > self.best
            torch.where(better, channel.add_(self.count), self.winner, out=self.winner)
            torch.where(better, highest, self.best, out=self.best)
            self.count += len(chunk)
