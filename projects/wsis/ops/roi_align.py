"""RoIAlign (He et al., ICCV 2017: https://arxiv.org/abs/1703.06870) without a compiled operator of its own."""

from collections.abc import Iterable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

# pixels of bins that are gathered at once, which bounds the memory: 12 bytes each, and some copies
MOST_PIXELS = 1 << 22


def roi_align(
    maps: Tensor,
    regions: Tensor,
    output_size: tuple[int, int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = 0,
    aligned: bool = True,
) -> Tensor:
    """Mean of bilinear samples in each bin of regions, as by ``mmcv.ops.roi_align`` with ``pool_mode='avg'``.

    A bin is a weighted sum of pixels, and a pixel all its channels in one place of memory, so that this is the sum of
    rows of a table that ``torch.nn.functional.embedding_bag`` is made for. Maps with channels last are read where they
    are. On a CPU it is quicker than mmcv's operator, which is written for one thread (docs/benchmarks.md).

    Args:
        maps: ``(N, C, H, W)`` features; gradients flow to them.
        regions: ``(R, 5)`` rows ``image, x1, y1, x2, y2`` in pixels of the images.
        output_size: Number of bins, ``(height, width)``.
        spatial_scale: Pixels of the maps per pixel of the images.
        sampling_ratio: Samples of a bin along each axis; 0 takes one for each pixel of the maps, rounded up.
        aligned: Whether the centre of a pixel lies half a pixel from its corner; else regions move by half a pixel and
            are at least one pixel wide.

    Returns:
        ``(R, C, *output_size)`` in the type of ``maps``, with channels last in memory. Samples further than a pixel
        outside of the maps count as 0, and so do regions without an area where ``sampling_ratio`` is 0.

    Raises:
        ValueError: If ``maps`` is not ``(N, C, H, W)`` or ``regions`` not ``(R, 5)``.
    """
    if maps.dim() != 4 or regions.dim() != 2 or regions.shape[1] != 5:
        raise ValueError(
            f'roi_align needs maps (N, C, H, W) and regions (R, 5), got {tuple(maps.shape)} and {tuple(regions.shape)}'
        )
    corners = regions.detach()[:, 1:].float() * spatial_scale - (0.5 if aligned else 0.0)
    starts, sizes = corners[:, :2], corners[:, 2:] - corners[:, :2]
    if not aligned:
        sizes = sizes.clamp(min=1)
    bins = sizes / sizes.new_tensor([output_size[1], output_size[0]])
    images = regions.detach()[:, 0].long()
    table = maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])
    samples = _sample_in_parts(maps.shape, images, starts, bins, output_size, sampling_ratio)
    done, sampled = [], []
    for part, places, weights, lengths in _join_parts(samples):
        done.append(part)
        offsets, weights = lengths.cumsum(0) - lengths, weights.to(maps.dtype)
        sampled.append(F.embedding_bag(places, table, offsets, per_sample_weights=weights, mode='sum'))
    if len(sampled) != 1:  # none where there are no regions
        sampled = [torch.cat([table[:0], *sampled])]
    sampled = sampled[0].view(len(regions), *output_size, maps.shape[1])
    if sampling_ratio <= 0:  # else they are still in their order
        sampled = sampled[torch.cat([images[:0], *done]).argsort()]
    return sampled.permute(0, 3, 1, 2)


def _sample_in_parts(
    shape: torch.Size,
    images: Tensor,
    starts: Tensor,
    bins: Tensor,
    output_size: tuple[int, int],
    sampling_ratio: int,
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield regions, which pixels each of their bins is made of, and by how much, for a part of the regions at a time.

    Args:
        shape: Shape of the maps.
        images: ``(R,)`` image of each region.
        starts: ``(R, 2)`` upper left corner, ``(x, y)``.
        bins: ``(R, 2)`` width and height of a bin.
        output_size: Number of bins.
        sampling_ratio: See :func:`roi_align`.

    Yields:
        Indices of regions, and indices into the pixels of all maps and their weights, both of
        ``(regions * bins, pixels of a bin)``.
    """
    height, width = shape[-2:]
    for regions, counts in _regions_of_one_grid(bins, sampling_ratio):
        pixels = output_size[0] * output_size[1] * 4 * max(1, counts[0]) * max(1, counts[1])
        for part in regions.split(max(1, MOST_PIXELS // pixels)):
            y, weights_y = _sample_axis(starts[part, 1], bins[part, 1], output_size[0], counts[0], height)
            x, weights_x = _sample_axis(starts[part, 0], bins[part, 0], output_size[1], counts[1], width)
            rows = (y + images[part, None, None] * height) * width
            places = rows[:, :, None, :, None] + x[:, None, :, None, :]
            weights = weights_y[:, :, None, :, None] * weights_x[:, None, :, None, :]
            yield part, places.flatten(3).flatten(0, 2), weights.flatten(3).flatten(0, 2)


def _join_parts(
    samples: Iterable[tuple[Tensor, Tensor, Tensor]],
) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """Join small neighbours of :func:`_sample_in_parts` up to :data:`MOST_PIXELS`, each of which has its own length.

    Yields:
        Indices of regions, pixels and weights of all their bins in one row, and the number of pixels of each bin.
    """
    parts, pixels = [], 0
    for part, places, weights in samples:
        if parts and pixels + places.numel() > MOST_PIXELS:
            yield _join(parts)
            parts, pixels = [], 0
        parts.append((part, places, weights))
        pixels += places.numel()
    if parts:
        yield _join(parts)


def _join(parts: list[tuple[Tensor, Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    lengths = torch.cat([places.new_full(places.shape[:1], places.shape[1]) for _, places, _ in parts])
    regions, places, weights = (torch.cat([part[index].flatten() for part in parts]) for index in range(3))
    return regions, places, weights, lengths


def _regions_of_one_grid(bins: Tensor, sampling_ratio: int) -> list[tuple[Tensor, tuple[int, int]]]:
    """Return the indices of regions whose bins have equally many samples, with their numbers ``(along y, along x)``.

    Args:
        bins: ``(R, 2)`` width and height of a bin of each region.
        sampling_ratio: See :func:`roi_align`.
    """
    if sampling_ratio > 0:
        return [(torch.arange(len(bins), device=bins.device), (sampling_ratio, sampling_ratio))] if len(bins) else []
    counts, numbers = bins.ceil().clamp(min=0).nan_to_num(0, posinf=0).long().unique(dim=0, return_inverse=True)
    return [((numbers == number).nonzero()[:, 0], (y, x)) for number, (x, y) in enumerate(counts.tolist())]


def _sample_axis(start: Tensor, size: Tensor, bins: int, count: int, length: int) -> tuple[Tensor, Tensor]:
    """Return which pixels of one axis bins are made of and their weights, ``(R, bins, pixels)``.

    Args:
        start: ``(R,)`` where the regions begin.
        size: ``(R,)`` size of their bins.
        bins: Number of bins.
        count: Number of samples in a bin.
        length: Length of the maps.
    """
    within = (torch.arange(count, device=start.device) + 0.5) / max(count, 1)
    steps = torch.arange(bins, device=start.device)[:, None] + within
    samples = start[:, None, None] + size[:, None, None] * steps
    inside = (samples >= -1) & (samples <= length)
    samples = samples.nan_to_num(0).clamp(0, length - 1)
    first = samples.long()
    fraction = samples - first
    weights = torch.stack([1 - fraction, fraction], dim=-1) * (inside / max(count, 1))[..., None]
    pixels = torch.stack([first, (first + 1).clamp(max=length - 1)], dim=-1)
    return _count_once(pixels.flatten(2), weights.flatten(2), length)


def _count_once(pixels: Tensor, weights: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Add the weights of equal pixels of a bin, where bins have more samples than pixels.

    Args:
        pixels: ``(R, bins, M)``.
        weights: Of the same shape.
        length: Number of pixels.
    """
    lowest = pixels.amin(2, keepdim=True) if pixels.numel() else pixels[..., :1]
    span = int((pixels - lowest).amax()) + 1 if pixels.numel() else 0
    if span >= pixels.shape[2]:
        return pixels, weights
    sums = weights.new_zeros(*pixels.shape[:2], span).scatter_add_(2, pixels - lowest, weights)
    return (lowest + torch.arange(span, device=pixels.device)).clamp(max=length - 1), sums
