"""RoIAlign (He et al., ICCV 2017: https://arxiv.org/abs/1703.06870) without a compiled operator of its own."""

import torch
import torch.nn.functional as F
from torch import Tensor


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
    corners = regions[:, 1:].float() * spatial_scale - (0.5 if aligned else 0.0)
    starts, sizes = corners[:, :2], corners[:, 2:] - corners[:, :2]
    if not aligned:
        sizes = sizes.clamp(min=1)
    bins = sizes / sizes.new_tensor([output_size[1], output_size[0]])
    parts = _regions_of_one_grid(bins, sampling_ratio)
    samples = [
        _sample(maps.shape, regions[part, 0], starts[part], bins[part], output_size, counts) for part, counts in parts
    ]
    if not samples:
        return maps.new_zeros(0, maps.shape[1], *output_size)
    lengths = torch.cat([places.new_full((places.shape[0],), places.shape[1]) for places, _ in samples])
    sampled = F.embedding_bag(
        torch.cat([places.flatten() for places, _ in samples]),
        maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1]),
        lengths.cumsum(0) - lengths,
        per_sample_weights=torch.cat([weights.flatten() for _, weights in samples]).to(maps.dtype),
        mode='sum',
    ).view(len(regions), *output_size, maps.shape[1])
    if len(parts) > 1:
        sampled = sampled[torch.cat([part for part, _ in parts]).argsort()]
    return sampled.permute(0, 3, 1, 2)


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


def _sample(
    shape: torch.Size,
    images: Tensor,
    starts: Tensor,
    bins: Tensor,
    output_size: tuple[int, int],
    counts: tuple[int, int],
) -> tuple[Tensor, Tensor]:
    """Return which pixels each bin is made of, by how much.

    Args:
        shape: Shape of the maps.
        images: ``(R,)`` image of each region.
        starts: ``(R, 2)`` upper left corner, ``(x, y)``.
        bins: ``(R, 2)`` width and height of a bin.
        output_size: Number of bins.
        counts: Number of samples in a bin along y and x.

    Returns:
        Indices into the pixels of all maps and their weights, both of ``(R * bins, pixels of a bin)``.
    """
    height, width = shape[-2:]
    y, weights_y = _sample_axis(starts[:, 1], bins[:, 1], output_size[0], counts[0], height)
    x, weights_x = _sample_axis(starts[:, 0], bins[:, 0], output_size[1], counts[1], width)
    rows = y + images.long()[:, None, None] * height
    places = rows[:, :, None, :, None] * width + x[:, None, :, None, :]
    weights = weights_y[:, :, None, :, None] * weights_x[:, None, :, None, :]
    return places.flatten(3).flatten(0, 2), weights.flatten(3).flatten(0, 2)


def _sample_axis(start: Tensor, size: Tensor, bins: int, count: int, length: int) -> tuple[Tensor, Tensor]:
    """Return the two pixels beside each sample along one axis and their weights, ``(R, bins, 2 * count)``.

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
    samples = torch.where(inside, samples, 0).clamp(0, length - 1)
    first = samples.long()
    fraction = samples - first
    weights = torch.stack([1 - fraction, fraction], dim=-1) * (inside / max(count, 1))[..., None]
    return torch.stack([first, (first + 1).clamp(max=length - 1)], dim=-1).flatten(2), weights.flatten(2)
