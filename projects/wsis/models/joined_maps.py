"""Maps of several strides that are joined at the finest one, as a whole or a few rows at a time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .bands import BAND_BYTES, join_bands


class Part(NamedTuple):
    """Maps (N, C, h, w), and by how much they are enlarged (bilinear), after which ReLU is applied."""

    maps: Tensor
    scale: int


class JoinedMaps:
    """Maps of different strides, enlarged, rectified, fitted to one size and concatenated when they are asked for.

    Without a gradient the whole never exists where a consumer such as a 1x1 convolution works on rows: joined at
    stride 4, the maps of a large photo take many times as much memory as before they were enlarged.

    Args:
        parts: What is joined.
        size: (h, w) of the result. Enlarged maps may be larger (strides round up) and are cut; of those that are
            smaller (backbones that round down) the last row and column are repeated.
    """

    def __init__(self, parts: Sequence[Part], size: tuple[int, int]) -> None:
        self.parts = list(parts)
        self.size = tuple(size)

    def whole(self) -> Tensor:
        """Return all rows: (N, sum of C, h, w)."""
        return torch.cat([_fit(_enlarge(part.maps, part.scale), *self.size) for part in self.parts], 1)

    def rows(self, top: int, bottom: int) -> Tensor:
        """Return the rows from ``top`` to before ``bottom``, equal to those of :meth:`whole`."""
        return torch.cat([self._rows_of(part, top, bottom) for part in self.parts], 1)

    def apply(self, function: Callable[[Tensor], Tensor], band_bytes: int = BAND_BYTES // 4) -> Tensor:
        """Return ``function`` of the whole; it must treat each pixel alone.

        Without a gradient it is called for as many rows at a time as take ``band_bytes``.
        """
        height, rows = self.size[0], self._count_rows(band_bytes)
        if torch.is_grad_enabled() or rows >= height:
            return function(self.whole())
        return join_bands(lambda top, bottom: function(self.rows(top, bottom)), height, rows)

    def bands(self, band_bytes: int = BAND_BYTES // 4) -> Iterator[Tensor]:
        """Yield all rows, as many at a time as take ``band_bytes``."""
        height, rows = self.size[0], self._count_rows(band_bytes)
        for top in range(0, height, rows):
            yield self.rows(top, min(height, top + rows))

    def _count_rows(self, band_bytes: int) -> int:
        first = self.parts[0].maps
        channels = sum(part.maps.shape[1] for part in self.parts)
        return max(1, band_bytes // (len(first) * channels * self.size[1] * first.element_size()))

    def _rows_of(self, part: Part, top: int, bottom: int) -> Tensor:
        maps, scale = part
        last_row = maps.shape[-2] * scale - 1
        first = max(0, min(top, last_row) // scale - 1)  # the row before and the one after are mixed in
        last = min(maps.shape[-2], (bottom - 1) // scale + 2)
        enlarged = _enlarge(maps[..., first:last, :], scale)
        inside = slice(min(top, last_row) - first * scale, bottom - first * scale)
        return _fit(enlarged[..., inside, :], bottom - top, self.size[1])


def normalize_in_place(norm: nn.GroupNorm, maps: Tensor, large: int = BAND_BYTES // 4) -> Tensor:
    """Apply group normalisation; large maps without a gradient are overwritten, group by group."""
    if torch.is_grad_enabled():
        return norm(maps)
    if len(maps) > 1 or maps.numel() * maps.element_size() <= large:
        # torch's layer refuses a photo of one pixel, for a group of one value; the function gives the bias
        return torch.group_norm(maps, norm.num_groups, norm.weight, norm.bias, norm.eps)
    width = maps.shape[1] // norm.num_groups
    for first in range(0, maps.shape[1], width):
        own = slice(first, first + width)
        weight, bias = (None if values is None else values[own] for values in (norm.weight, norm.bias))
        maps[:, own] = F.group_norm(maps[:, own], 1, weight, bias, norm.eps)
    return maps


def measure_group_norm(norm: nn.GroupNorm, bands: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """Return factor and addend (N, C, 1, 1) by which group normalisation changes each channel of maps.

    With them the maps can be made again a band at a time, instead of being kept until all are measured.

    Args:
        norm: The normalisation.
        bands: The maps (N, C, h, W) in bands of rows.
    """
    count, total, squares = 0, 0, 0
    for band in bands:
        values = band.float().reshape(len(band), norm.num_groups, -1)
        count += values.shape[2]
        total = total + values.sum(2, dtype=torch.float64)
        squares = squares + values.square().sum(2, dtype=torch.float64)
    mean = total / count
    scale = (squares / count - mean.square() + norm.eps).rsqrt()
    width = norm.num_channels // norm.num_groups
    mean, scale = (values.repeat_interleave(width, 1) for values in (mean, scale))
    factor = scale * norm.weight
    addend = norm.bias - mean * factor
    return factor.float()[:, :, None, None], addend.float()[:, :, None, None]


def _enlarge(maps: Tensor, scale: int) -> Tensor:
    if scale > 1:
        maps = F.interpolate(maps, scale_factor=scale, mode='bilinear', align_corners=False)
    return F.relu(maps, inplace=True)  # those that are not enlarged are overwritten: the same rows again are the same


def _fit(maps: Tensor, height: int, width: int) -> Tensor:
    maps = maps[..., :height, :width]
    missing = (0, width - maps.shape[-1], 0, height - maps.shape[-2])
    return F.pad(maps, missing, mode='replicate') if any(missing) else maps
