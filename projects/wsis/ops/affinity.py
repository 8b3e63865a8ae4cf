"""Affinity of pixel pairs from a boundary map (IRNet, Ahn et al., CVPR 2019, equation 2).

The affinity of two pixels is ``1 - max(boundary on the straight path between them)``. Only the affinities and, for the
gradient, the index of the strongest path pixel are kept, never the path pixels themselves: for a batch of 32 maps of
128x128 at radius 10 these would be 14 times as much.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from .paths import path_steps, search_paths
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


class StrongestOnPath(NamedTuple):
    """The strongest boundary on the paths of all sources to one destination.

    Attributes:
        channel: Of the destination, in the order of :func:`search_paths`.
        destination: Its offset ``(y, x)``.
        values: ``(N, h, w)`` the maximum for each source.
        pixels: ``(N, h, w)`` which pixel holds it, the nearest to the destination if several do: a place in
            :func:`pixels_on_paths`, in the type of the values; None if it was not asked for.
    """

    channel: int
    destination: tuple[int, int]
    values: Tensor
    pixels: Tensor | None


@lru_cache(maxsize=16)
def pixels_on_paths(radius: int) -> tuple[tuple[int, int], ...]:
    """Offsets ``(y, x)`` of all pixels on the paths of a radius, the source first."""
    return tuple(dict.fromkeys(pixel for path in search_paths(radius) for pixel in reversed(path.pixels)))


def follow_paths(boundary: Tensor, radius: int, find_pixels: bool = True) -> Iterator[StrongestOnPath]:
    """Find the strongest boundary on every path, one destination after the other (in the order of
    :func:`path_steps`, not of the channels).

    Args:
        boundary: ``(N, H, W)``.
        radius: Radius of the pair search.
        find_pixels: Whether to find out which pixel is the strongest, which takes three times as long.
    """
    if boundary.dtype in (torch.float16, torch.bfloat16):
        boundary = boundary.float()  # numbers of pixels are kept in the type of the maps
    offsets = pixels_on_paths(radius)
    views = {offset: source_view(boundary, radius, offset) for offset in offsets}
    # in the type of the maps, as the comparisons below: with a bool result torch compares value by value
    numbers = dict(zip(offsets, torch.arange(len(offsets), device=boundary.device, dtype=boundary.dtype)))
    source = views[0, 0]
    found = [(source, torch.zeros_like(source) if find_pixels else None)]  # of the source and the steps to here
    later = torch.empty_like(source) if find_pixels else None
    for step in path_steps(radius):
        values, pixels = found[step.depth]
        for offset in step.pixels:
            if find_pixels:
                # of equal ones that nearest to the destination, which comes last here
                torch.ge(views[offset], values, out=later)
                pixels = torch.lerp(pixels, numbers[offset], later)
            values = torch.maximum(values, views[offset])
        found[step.depth + 1 :] = [(values, pixels)]
        yield StrongestOnPath(step.channel, step.destination, values, pixels)


def place_pixels(radius: int, size: tuple[int, int], device: torch.device | str) -> Tensor:
    """Return how far the pixels of :func:`pixels_on_paths` are from the source in flattened maps (H, W): (P,) int64."""
    steps = [y * size[1] + x for y, x in pixels_on_paths(radius)]
    return copy_without_waiting(torch.tensor(steps), device)


class _PathAffinity(torch.autograd.Function):
    """``1 - maximum over the path`` that remembers the number of one pixel a pair instead of the path's pixels."""

    @staticmethod
    def forward(ctx, boundary: Tensor, radius: int) -> Tensor:
        plane = boundary.detach()[:, 0]
        shape = (len(plane), len(search_paths(radius)), *source_size(*plane.shape[-2:], radius))
        affinity = plane.new_empty(shape)
        keep_pixels = ctx.needs_input_grad[0]
        pixels = torch.empty(shape, dtype=torch.int16, device=plane.device) if keep_pixels else None
        for strongest in follow_paths(plane, radius, keep_pixels):
            torch.sub(1, strongest.values, out=affinity[:, strongest.channel])
            if keep_pixels:
                pixels[:, strongest.channel] = strongest.pixels
        ctx.radius, ctx.shape = radius, plane.shape
        if keep_pixels:
            ctx.save_for_backward(pixels)
        return affinity

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_affinity: Tensor) -> tuple[Tensor, None]:
        (pixels,) = ctx.saved_tensors
        # float64: in dense regions thousands of pairs share one boundary pixel
        gradient = grad_affinity.new_zeros(ctx.shape, dtype=torch.float64)
        places = torch.arange(gradient.numel(), device=gradient.device).view(ctx.shape)
        sources = source_view(places, ctx.radius).flatten()
        steps = place_pixels(ctx.radius, ctx.shape[1:], gradient.device)
        for own, grad in zip(pixels.unbind(1), grad_affinity.unbind(1)):
            place = steps.index_select(0, own.flatten().int()).add_(sources)
            gradient.view(-1).scatter_add_(0, place, -grad.double().flatten())
        return gradient[:, None].to(grad_affinity.dtype), None


def _check_boundary(boundary: Tensor) -> None:
    if boundary.dim() != 4 or boundary.shape[1] != 1 or not boundary.is_floating_point():
        raise ValueError(
            'boundary must be a floating-point tensor (N, 1, H, W) in [0, 1], '
            f'got {boundary.dtype} {tuple(boundary.shape)}'
        )
