"""The sparse transition matrix of a random walk on a pixel grid, and its product with maps.

With ``A`` the symmetric affinities of pixel pairs raised to ``beta`` (1 on the diagonal) and ``D`` its sums, the
matrix is ``M = D^-1 A``: it acts on columns as the reference's column-normalised ``A D^-1`` acts on rows. Every row
has the same few neighbours at the same distances in the flattened map, so one pattern of indices serves all bands.

Two ways to multiply, chosen by measuring (docs/benchmarks.md):

* CPU with MKL, and CUDA: compressed sparse rows with 32-bit indices; on a CPU in bands whose part of the map stays in
  the cache.
* elsewhere: shifted slices of the flattened map, plain tensor operations.
"""

import warnings
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from .paths import search_paths

# Pixels of a band on a CPU: some 2 MB of matrix values. Measured flat from 4k to 16k pixels, up to 1.5x slower above.
BAND_PIXELS = 8192
# Pixels of a band whose weights are summed up at once, a multiple of the width of vector instructions.
SUMMED_PIXELS = 1024
# Elsewhere a step starts one kernel per band and neighbour, so that a photo is one band.
BAND_PIXELS_OF_ACCELERATORS = 1 << 20


class TransitionMatrix:
    """``M = D^-1 A`` of one map of pixels.

    A row holds, in the order of the flattened map, the neighbours before the pixel, itself, and those after it. A pair
    that would leave the map has weight 0, so that no row needs an exception at the border.

    Args:
        rows_of_affinity: Function ``(top, bottom) -> (P, bottom - top, W)`` that gives the affinities in [0, 1] of
            these source rows with the destinations of ``search_paths(radius)``. It is asked for a few rows at a time,
            so that the affinities of a large photo never exist all at once.
        size: ``(H, W)`` of the map.
        radius: Radius of the pair search.
        beta: Power of the affinities.
        like: A tensor of the type (float32 or float64) and device of the scores.
    """

    def __init__(
        self,
        rows_of_affinity: Callable[[int, int], Tensor],
        *,
        size: tuple[int, int],
        radius: int,
        beta: float,
        like: Tensor,
    ) -> None:
        self.size = size
        self.pixels = size[0] * size[1]
        self.use_csr = prefers_csr(like.device)
        # Destinations that no pixel of a narrow map has are left out; all others are later in the flattened map.
        destinations = [path.destination for path in search_paths(radius)]
        fitting = [i for i, (y, x) in enumerate(destinations) if y < size[0] and abs(x) < size[1]]
        destinations = [destinations[i] for i in fitting]
        shifts = [y * size[1] + x for y, x in destinations]
        places = [*(-shift for shift in shifts), 0, *shifts]
        order = sorted(range(len(places)), key=places.__getitem__)  # in narrow maps two places may be the same
        self.columns = [places[index] for index in order]
        self.margin = self.columns[-1]
        self.bands: list[tuple[int, int, Tensor]] = []  # first pixel, last pixel + 1, weights or CSR matrix
        self._build(rows_of_affinity, destinations, fitting, order, beta, like)

    def enter(self, scores: Tensor) -> Tensor:
        """Scores ``(C, H*W)`` in the layout of the products: ``(margin + H*W + margin, C)`` or the same transposed."""
        padded = F.pad(scores, (self.margin, self.margin))
        return padded.t().contiguous() if self.use_csr else padded

    def leave(self, maps: Tensor) -> Tensor:
        """The inverse of :meth:`enter`: ``(C, H*W)``."""
        maps = maps.t() if self.use_csr else maps
        return maps[:, self.margin : self.margin + self.pixels].contiguous()

    def multiply(
        self, maps: Tensor, alpha: float, out: Tensor, beta: float, rows: tuple[int, int] | None = None
    ) -> Tensor:
        """``out <- alpha M maps + beta out``, in place, all in the layout of :meth:`enter`. The margins stay 0.

        Of the rows of the map only those from ``rows[0]`` to before ``rows[1]`` need be right.
        """
        begin, end = (0, self.pixels) if rows is None else (row * self.size[1] for row in rows)
        for first, last, weights in self.bands:
            if last <= begin or first >= end:
                continue
            inside = slice(self.margin + first, self.margin + last)
            if self.use_csr:
                out[inside].addmm_(weights, maps[first : last + 2 * self.margin], beta=beta, alpha=alpha)
                continue
            target = out[:, inside].mul_(beta)
            for weight, shift in zip(weights, self.columns):
                start = self.margin + first + shift
                target.addcmul_(weight, maps[:, start : start + last - first], value=alpha)
        return out

    def _build(
        self,
        rows_of_affinity: Callable[[int, int], Tensor],
        destinations: list[tuple[int, int]],
        fitting: list[int],
        order: list[int],
        beta: float,
        like: Tensor,
    ) -> None:
        height, width = self.size
        shifts = [y * width + x for y, x in destinations]
        reach = max((y for y, _ in destinations), default=0)
        inside = _destinations_inside(destinations, self.size, like.device)
        band_rows = min(height, rows_of_band(width, like.device))
        pattern = _csr_pattern(band_rows * width, self.columns, self.margin, like.device) if self.use_csr else None
        above = None
        for top in range(0, height, band_rows):
            bottom = min(height, top + band_rows)
            affinity = rows_of_affinity(top, bottom)[fitting].to(like).pow(beta)  # (P, rows, W)
            # weights far below the rounding would only make denormal numbers, on which a CPU is slow
            kept = inside(top, bottom) & (affinity >= torch.finfo(like.dtype).eps ** 2)
            affinity.masked_fill_(kept.logical_not_(), 0)
            # the rows above give the way back from the destinations in this band
            joined = affinity if above is None else torch.cat([above, affinity], 1)
            weights = _normalised_rows(joined, shifts, (joined.shape[1] - bottom + top) * width, order)
            above = joined[:, max(0, joined.shape[1] - reach) :].clone()
            if self.use_csr:
                weights = _csr_matrix(weights, pattern, self.margin)
            self.bands.append((top * width, bottom * width, weights))


def rows_of_band(width: int, device: torch.device) -> int:
    """Return how many rows of a map of this width make a band."""
    return max(1, (BAND_PIXELS if device.type == 'cpu' else BAND_PIXELS_OF_ACCELERATORS) // max(width, 1))


def bytes_of_row(width: int, radius: int, like: Tensor) -> int:
    """Return how many bytes the matrix takes for a row of a map, with the type of ``like``."""
    return (2 * len(search_paths(radius)) + 1) * width * like.element_size()


def prefers_csr(device: torch.device) -> bool:
    """Return whether products by compressed sparse rows are available and faster: on a CPU with MKL, and on CUDA."""
    return device.type == 'cuda' or (device.type == 'cpu' and torch.backends.mkl.is_available())


def _destinations_inside(destinations: list, size: tuple[int, int], device: torch.device) -> Callable:
    """Function ``(top, bottom) -> (P, bottom - top, W)`` bool: is the destination of this source inside the map?"""
    height, width = size
    y, x = torch.tensor(destinations, dtype=torch.int64, device=device).view(-1, 2, 1).unbind(1)  # (P, 1) each
    columns = torch.arange(width, device=device) + x
    column_inside = (columns >= 0) & (columns < width)

    def inside(top: int, bottom: int) -> Tensor:
        rows = torch.arange(top, bottom, device=device) + y
        return (rows < height)[:, :, None] & column_inside[:, None, :]

    return inside


def _normalised_rows(affinity: Tensor, shifts: list[int], skip: int, order: list[int]) -> Tensor:
    """Rows of ``D^-1 A``: weights backwards, of the pixel itself, and forwards, in an order: ``(2 P + 1, pixels)``.

    ``affinity`` is ``(P, rows, W)``, of which the first ``skip`` pixels belong to the band above. Sums that are off by
    1e-7 would compound over 256 steps to 2e-4. So the sums are taken in float64, and the pixel's own weight is what its
    neighbours' weights, as rounded, leave of 1.
    """
    flat = affinity.flatten(1)
    pixels = flat.shape[1] - skip
    count = len(shifts)
    weights = flat.new_zeros(2 * count + 1, pixels)
    rows = [row for _, row in sorted(zip(order, weights), key=lambda pair: pair[0])]
    for channel, shift in enumerate(shifts):
        rows[count + 1 + channel].copy_(flat[channel, skip:])
        # the pixel `shift` places before; in the first rows of the map there is none
        missing = max(0, shift - skip)
        if missing < pixels:
            rows[channel][missing:] = flat[channel, skip + missing - shift : flat.shape[1] - shift]
    own = rows[count].fill_(1)
    weights.div_(_sum_in_float64(weights).to(weights.dtype))
    own.zero_()
    own.copy_(1 - _sum_in_float64(weights))
    return weights


def _sum_in_float64(weights: Tensor) -> Tensor:
    """Sums of the columns. ``sum`` copies all to float64 first, so a part at a time that stays in the cache."""
    return torch.cat([part.sum(0, dtype=torch.float64) for part in weights.split(SUMMED_PIXELS, 1)])


def _csr_pattern(pixels: int, columns: list[int], margin: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Row starts and column indices (int32) of a band whose columns begin ``margin`` places before its first row."""
    whole = dict(dtype=torch.int32, device=device)
    offsets = torch.tensor(columns, **whole) + margin
    starts = torch.arange(0, (pixels + 1) * len(columns), len(columns), **whole)
    return starts, (torch.arange(pixels, **whole)[:, None] + offsets).flatten()


def _csr_matrix(weights: Tensor, pattern: tuple[Tensor, Tensor], margin: int) -> Tensor:
    """CSR matrix ``(pixels, pixels + 2 margin)`` of weights ``(2 P + 1, pixels)``; the last band may be smaller."""
    count, pixels = weights.shape
    starts, columns = pattern
    with warnings.catch_warnings():
        # torch calls this layout a beta on first use
        warnings.simplefilter('ignore', UserWarning)
        return torch.sparse_csr_tensor(
            starts[: pixels + 1],
            columns[: pixels * count],
            weights.t().flatten(),
            (pixels, pixels + 2 * margin),
            check_invariants=False,
        )
