"""Affinity of pixel pairs from a boundary map (IRNet, Ahn et al., CVPR 2019, equation 2).

The affinity of two pixels is ``1 - max(boundary on the straight path between them)``. Only the affinities and, for the
gradient, the index of the strongest path pixel are kept, never the path pixels themselves: for a batch of 32 maps of
128x128 at radius 10 these would be 14 times as much.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from .paths import search_paths
from .small_copies import copy_without_waiting


def boundary_to_affinity(boundary: Tensor, radius: int = 5) -> Tensor:
    """Affinity of every pixel with its neighbours in the half plane below and right of it.

    Args:
        boundary: ``(N, 1, H, W)`` boundary probability in [0, 1].
        radius: Radius of the pair search, see :func:`search_paths`.

    Returns:
        ``(N, P, H, W)`` affinity in [0, 1], one channel a destination in the order of ``search_paths(radius)``;
        exactly 0 where the destination is outside the map. Differentiable; of several equally strong path pixels the
        first (nearest the destination) receives the gradient.

    Raises:
        ValueError: If ``boundary`` is not a floating-point ``(N, 1, H, W)`` tensor.
    """
    _check_boundary(boundary)
    reach = radius - 1
    # A wall around the map: a path that leaves it always ends in it, so the affinity there is 1 - 1 = 0.
    walled = F.pad(boundary, (reach, reach, 0, reach), value=1.0)
    return path_affinity(walled, radius)


def path_affinity(boundary: Tensor, radius: int = 10) -> Tensor:
    """Affinity of the inner source pixels only, of which every destination lies inside the map.

    Sources are the rows ``0 .. H-1-(radius-1)`` and the columns ``radius-1 .. W-1-(radius-1)``, as in IRNet's training.

    Args:
        boundary: ``(N, 1, H, W)`` boundary probability in [0, 1].
        radius: Radius of the pair search.

    Returns:
        ``(N, P, H-(radius-1), W-2(radius-1))`` affinity in [0, 1]; the height or width is 0 where the map is too small.
        Differentiable as in :func:`boundary_to_affinity`.

    Raises:
        ValueError: If ``boundary`` is not a floating-point ``(N, 1, H, W)`` tensor.
    """
    _check_boundary(boundary)
    search_paths(radius)  # names a bad radius before autograd wraps the error
    return _PathAffinity.apply(boundary, radius)


def source_size(height: int, width: int, radius: int) -> tuple[int, int]:
    """Height and width of the source region of :func:`path_affinity`, 0 where the map is too small for a pair."""
    reach = radius - 1
    return max(height - reach, 0), max(width - 2 * reach, 0)


def source_view(maps: Tensor, radius: int, offset: Sequence[int] = (0, 0)) -> Tensor:
    """View of the source region, moved by an offset: the value at ``source + offset`` for every source.

    Args:
        maps: ``(..., H, W)`` of any type.
        radius: Radius of the pair search.
        offset: ``(y, x)`` with ``0 <= y < radius`` and ``|x| < radius``.

    Returns:
        ``(..., H-(radius-1), W-2(radius-1))`` view of ``maps``.
    """
    height, width = source_size(*maps.shape[-2:], radius)
    top, left = offset[0], radius - 1 + offset[1]
    return maps[..., top : top + height, left : left + width]


def path_maximum(boundary: Tensor, pixels: Sequence[tuple[int, int]], radius: int) -> tuple[Tensor, Tensor]:
    """Strongest boundary on one path for every source, and which of the path's pixels holds it.

    Args:
        boundary: ``(N, H, W)``.
        pixels: Offsets ``(y, x)`` of the path relative to the source.
        radius: Radius of the pair search (it sets the source region).

    Returns:
        The maximum ``(N, h, w)`` in the type of ``boundary`` and the uint8 index into ``pixels`` of its first
        occurrence.
    """
    strongest = source_view(boundary, radius, pixels[0]).clone()
    index = torch.zeros_like(strongest, dtype=torch.uint8)
    for number, pixel in enumerate(pixels[1:], 1):
        value = source_view(boundary, radius, pixel)
        # numbers rise along the path, so the maximum with 0 or `number` moves the index exactly where it must
        torch.maximum(index, (value > strongest).to(torch.uint8).mul_(number), out=index)
        torch.maximum(strongest, value, out=strongest)
    return strongest, index


def strongest_position(index: Tensor, pixels: Sequence[tuple[int, int]], size: tuple[int, int], radius: int) -> Tensor:
    """Where :func:`path_maximum` found the maximum, as a place in the flattened batch of maps.

    Args:
        index: ``(N, h, w)`` uint8 from :func:`path_maximum`.
        pixels: The same path.
        size: ``(H, W)`` of the maps.
        radius: The same radius.

    Returns:
        ``(N, h, w)`` int64 index into ``maps.view(-1)`` of contiguous maps ``(N, H, W)``.
    """
    height, width = size
    device = index.device
    steps = copy_without_waiting(torch.tensor([y * width + x for y, x in pixels]), device)
    sources = source_view(torch.arange(height * width, device=device).view(height, width), radius)
    samples = torch.arange(len(index), device=device).mul_(height * width).view(-1, 1, 1)
    return steps.index_select(0, index.flatten().int()).view(index.shape).add_(sources).add_(samples)


class _PathAffinity(torch.autograd.Function):
    """``1 - maximum over the path`` that remembers one byte a pair instead of the path's pixels."""

    @staticmethod
    def forward(ctx, boundary: Tensor, radius: int) -> Tensor:
        paths = search_paths(radius)
        plane = boundary.detach()[:, 0]
        shape = (len(plane), len(paths), *source_size(*plane.shape[-2:], radius))
        affinity = plane.new_empty(shape)
        keep_index = ctx.needs_input_grad[0]
        indices = torch.empty(shape, dtype=torch.uint8, device=plane.device) if keep_index else None
        for channel, path in enumerate(paths):
            if keep_index:
                strongest, indices[:, channel] = path_maximum(plane, path.pixels, radius)
                torch.sub(1, strongest, out=affinity[:, channel])
                continue
            strongest = affinity[:, channel].copy_(source_view(plane, radius, path.pixels[0]))
            for pixel in path.pixels[1:]:
                torch.maximum(strongest, source_view(plane, radius, pixel), out=strongest)
            strongest.neg_().add_(1)
        ctx.radius, ctx.shape = radius, plane.shape
        if keep_index:
            ctx.save_for_backward(indices)
        return affinity

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_affinity: Tensor) -> tuple[Tensor, None]:
        (indices,) = ctx.saved_tensors
        # float64: in dense regions thousands of pairs share one boundary pixel
        gradient = grad_affinity.new_zeros(ctx.shape, dtype=torch.float64)
        for channel, path in enumerate(search_paths(ctx.radius)):
            place = strongest_position(indices[:, channel], path.pixels, ctx.shape[1:], ctx.radius)
            gradient.view(-1).scatter_add_(0, place.flatten(), -grad_affinity[:, channel].double().flatten())
        return gradient[:, None].to(grad_affinity.dtype), None


def _check_boundary(boundary: Tensor) -> None:
    if boundary.dim() != 4 or boundary.shape[1] != 1 or not boundary.is_floating_point():
        raise ValueError(
            'boundary must be a floating-point tensor (N, 1, H, W) in [0, 1], '
            f'got {boundary.dtype} {tuple(boundary.shape)}'
        )
