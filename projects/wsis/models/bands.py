"""Running convolutions on large photos band by band, so that their widest maps never exist as a whole.

The inner maps of an inverted residual are larger than what goes in and comes out: MobileNetV2's second block makes two
of 96 bytes for each pixel of the photo. A band takes along as many rows above and below as the convolutions look at;
these are cut off again, so that the result is that of the whole map.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

# Largest number of bytes of one inner map. Photos of up to .7 million pixels go through MobileNetV2 as a whole.
BAND_BYTES = 64 * 2**20


class ChainShape(NamedTuple):
    """What a chain of convolutions does to the shape of maps.

    Attributes:
        reach: How many input rows above and below its own an output row looks at.
        stride: Of the whole chain.
        widest: Values of the largest map inside, by input pixel.
        channels: Of the result.
    """

    reach: int
    stride: int
    widest: float
    channels: int


def measure_chain(modules: Sequence[nn.Module]) -> ChainShape:
    """Return what modules, whose convolutions run in the order in which they are found, do to the shape of maps.

    Each convolution must be padded by half its kernel, so that output row ``i`` has input row ``i * stride`` in its
    middle; other modules must work on each pixel alone.
    """
    reach, stride, widest, channels = 0, 1, 0.0, 0
    for conv in (part for module in modules for part in module.modules() if isinstance(part, nn.Conv2d)):
        reach += (conv.kernel_size[0] - 1) // 2 * conv.dilation[0] * stride
        stride *= conv.stride[0]
        channels = conv.out_channels
        widest = max(widest, channels / stride**2)
    return ChainShape(reach, stride, widest, channels)


def measures_maps(modules: Sequence[nn.Module]) -> bool:
    """Return whether a normalisation among modules measures the maps that it is given, so that it needs all rows."""
    parts = (part for module in modules for part in module.modules())
    return any(
        isinstance(part, nn.GroupNorm | _InstanceNorm) or (isinstance(part, _BatchNorm) and part.training)
        for part in parts
    )


class DeferredMaps:
    """The maps that modules make, some rows at a time when they are asked for.

    What reads each pixel of a wide level alone, as a 1x1 convolution does, never needs it as a whole: the last level of
    MobileNetV2 has four times as many values as what it is made of.

    Args:
        modules: As of :func:`measure_chain`, in evaluation mode.
        maps: ``(N, C, H, W)`` that they are run on; no gradient.
    """

    def __init__(self, modules: Sequence[nn.Module], maps: Tensor) -> None:
        self.modules, self.maps = list(modules), maps
        self.chain = measure_chain(modules)
        size = (-(-length // self.chain.stride) for length in maps.shape[-2:])
        self.shape = torch.Size((len(maps), self.chain.channels, *size))

    def rows(self, top: int, bottom: int) -> Tensor:
        """Return the rows from ``top`` to before ``bottom``."""
        beyond = -(-self.chain.reach // self.chain.stride)
        first, last = max(0, top - beyond), min(self.shape[2], bottom + beyond)
        part = _run(self.modules, self.maps[..., first * self.chain.stride : last * self.chain.stride, :])
        return part[..., top - first : bottom - first, :]

    def whole(self) -> Tensor:
        """Return all rows."""
        return self.rows(0, self.shape[2])

    def apply(self, function: Callable[[Tensor], Tensor]) -> Tensor:
        """Return a function of the whole; it must treat each pixel alone, and is called for some rows at a time."""
        if torch.is_grad_enabled():
            return function(self.whole())
        count, channels, height, width = self.shape
        rows = max(1, BAND_BYTES // (count * channels * width * self.maps.element_size()))
        return join_bands(lambda top, bottom: function(self.rows(top, bottom)), height, rows)


def run_in_bands(modules: Sequence[nn.Module], maps: Tensor, band_bytes: int = BAND_BYTES) -> Tensor:
    """Run modules one after the other on maps, in bands of rows where an inner map would be larger than allowed.

    Args:
        modules: As of :func:`measure_chain`, in evaluation mode.
        maps: ``(N, C, H, W)``; no gradient.
        band_bytes: Largest number of bytes of one inner map of a band (but a band has one output row at least).

    Returns:
        ``(N, C', ceil(H / stride), ceil(W / stride))``.
    """
    deferred = DeferredMaps(modules, maps)
    chain = deferred.chain
    bytes_of_row = chain.widest * maps.shape[0] * maps.shape[-1] * maps.element_size()
    if bytes_of_row * maps.shape[-2] <= band_bytes or measures_maps(modules):
        return _run(modules, maps)
    beyond = -(-chain.reach // chain.stride)
    rows = max(1, int(band_bytes / (bytes_of_row * chain.stride)) - 2 * beyond)
    return join_bands(deferred.rows, deferred.shape[2], rows)


def run_joined_in_bands(
    modules: Sequence[nn.Module], coarse: Tensor, fine: Tensor, align_corners: bool, band_bytes: int = BAND_BYTES // 4
) -> Tensor:
    """Run modules on coarse maps, enlarged to the size of fine ones and concatenated with them, as decoders do.

    Without a gradient neither the enlarged maps of a large photo nor the joined ones exist as a whole on a CPU.

    Args:
        modules: As of :func:`measure_chain`, of stride 1; without a gradient in evaluation mode.
        coarse: ``(N, C, h, w)``.
        fine: ``(N, D, H, W)``.
        align_corners: How the coarse maps are enlarged (bilinear).
        band_bytes: Largest number of bytes of the joined maps of a band, without the rows that it sees beyond its own.

    Returns:
        ``(N, C', H, W)``.
    """
    count, _, height, width = fine.shape
    channels = coarse.shape[1] + fine.shape[1]
    rows = max(1, band_bytes // (count * channels * width * fine.element_size()))
    if torch.is_grad_enabled() or fine.device.type != 'cpu' or height <= rows or measures_maps(modules):
        enlarged = F.interpolate(coarse, (height, width), mode='bilinear', align_corners=align_corners)
        return _run(modules, torch.cat([enlarged, fine], 1))
    reach = measure_chain(modules).reach
    wide = F.interpolate(coarse, (coarse.shape[2], width), mode='bilinear', align_corners=align_corners)

    def run_band(top: int, bottom: int) -> Tensor:
        first, last = max(0, top - reach), min(height, bottom + reach)
        joined = torch.cat([_enlarge_rows(wide, height, first, last, align_corners), fine[:, :, first:last]], 1)
        return _run(modules, joined)[:, :, top - first : bottom - first]

    return join_bands(run_band, height, rows)


def _enlarge_rows(maps: Tensor, height: int, first: int, last: int, align_corners: bool) -> Tensor:
    """Return some rows of maps (N, C, h, w) as ``F.interpolate`` enlarges them to a height (bilinear)."""
    given = maps.shape[2]
    places = torch.arange(first, last, device=maps.device, dtype=torch.float64)
    if align_corners:
        places = places * ((given - 1) / max(1, height - 1))
    else:
        places = ((places + 0.5) * (given / height) - 0.5).clamp_(min=0)
    above = places.long().clamp_(max=given - 1)
    below = (above + 1).clamp_(max=given - 1)
    weight = (places - above).to(maps.dtype).view(-1, 1)
    return torch.lerp(maps[:, :, above], maps[:, :, below], weight)


def map_rows(
    function: Callable[[list[Tensor]], Tensor], levels: Sequence[Tensor | DeferredMaps], channels: int
) -> Tensor:
    """Return what a function of levels (N, C, h, w) of one size gives that treats each pixel alone.

    Without a gradient large levels are given to it a band of rows at a time.

    Args:
        function: Of all levels, whole or the same rows of each.
        levels: Its arguments.
        channels: Of the widest map inside the function.
    """

    def map_band(top: int, bottom: int) -> Tensor:
        return function(
            [
                level.rows(top, bottom) if isinstance(level, DeferredMaps) else level[:, :, top:bottom]
                for level in levels
            ]
        )

    count, _, height, width = levels[0].shape
    bytes_of_row = 4 * count * channels * width
    if torch.is_grad_enabled() or bytes_of_row * height <= BAND_BYTES:
        return map_band(0, height)
    return join_bands(map_band, height, max(1, BAND_BYTES // 4 // bytes_of_row))


def join_bands(make_band: Callable[[int, int], Tensor], height: int, rows: int) -> Tensor:
    """Return maps (N, C, height, w) that are made a band of rows after the other.

    Args:
        make_band: Gives the rows from the first number to before the second.
        height: Of the whole.
        rows: Of a band, but the last.
    """
    joined = None
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        band = make_band(top, bottom)
        if joined is None:
            joined = band.new_empty(*band.shape[:-2], height, band.shape[-1])
        joined[..., top:bottom, :] = band
    return joined


def _run(modules: Sequence[nn.Module], maps: Tensor) -> Tensor:
    for module in modules:
        maps = module(maps)
    return maps
