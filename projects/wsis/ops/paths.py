"""Pixel pairs of the inter-pixel relations: destinations around a source pixel and the straight paths to them.

IRNet (Ahn et al., CVPR 2019, section 4.1) compares every pixel with its neighbours within a radius and looks at the
boundary along the line between the two. A pair is undirected, so half of the disc is enough.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple


class SearchPath(NamedTuple):
    """One destination of the pair search and the pixels on the way, relative to the source, all in ``(y, x)``.

    Attributes:
        destination: Offset of the destination. Never above the source: ``y >= 0``, and ``x > 0`` where ``y == 0``.
        pixels: Offsets of the path's pixels from the destination (first) back to the source (last, ``(0, 0)``).
    """

    destination: tuple[int, int]
    pixels: tuple[tuple[int, int], ...]


@lru_cache(maxsize=16)
def search_paths(radius: int) -> tuple[SearchPath, ...]:
    """All pairs of a source pixel with the half disc ``x^2 + y^2 < radius^2`` below and right of it.

    The order is that of the official IRNet code, because it is the order of affinity channels: rows from top to bottom,
    each from left to right, then sorted by the number of path pixels (stable). ``radius=5`` gives 34 destinations,
    ``radius=10`` gives 152.

    Args:
        radius: Radius of the disc in pixels (exclusive), at least 2.

    Returns:
        One :class:`SearchPath` per destination.

    Raises:
        ValueError: If ``radius`` is not an integer of at least 2.

    Example:
        >>> [path.destination for path in search_paths(2)]
        [(0, 1), (1, 0), (1, -1), (1, 1)]
    """
    if isinstance(radius, bool) or not isinstance(radius, int) or radius < 2:
        raise ValueError(f'radius must be an integer >= 2, got {radius!r}: a smaller disc holds no pair of pixels')
    reach = radius - 1
    destinations = [(0, x) for x in range(1, radius)]
    destinations += [(y, x) for y in range(1, radius) for x in range(-reach, radius) if y * y + x * x < radius * radius]
    return tuple(sorted((_straight_path(*each) for each in destinations), key=lambda path: len(path.pixels)))


class PathStep(NamedTuple):
    """One destination of the pair search whose path goes on where that of another one ends.

    Attributes:
        channel: Place of the destination in :func:`search_paths`.
        destination: Offset ``(y, x)`` of the destination.
        depth: How many steps come before on the way from the source; the last one of depth ``depth - 1`` that was
            met is the one that goes on.
        pixels: Offsets of the path's further pixels, the nearest to the source first, the destination last.
    """

    channel: int
    destination: tuple[int, int]
    depth: int
    pixels: tuple[tuple[int, int], ...]


@lru_cache(maxsize=16)
def path_steps(radius: int) -> tuple[PathStep, ...]:
    """The paths of :func:`search_paths` as a tree, each step before those that go on from it.

    Many paths begin at the source as another one does that ends earlier. What is found out along that one need not be
    found out again: of the 1982 pixels beside the source on the paths of ``radius=10`` 958 are left.

    Args:
        radius: Of the search.
    """
    paths = search_paths(radius)
    channels = {path.pixels: channel for channel, path in enumerate(paths)}
    followers: dict[int | None, list[tuple[int, tuple]]] = {}
    for channel, (_, pixels) in enumerate(paths):
        # the ends of a path, longest first; the last pixel is the source, where the roots begin
        ends = (pixels[first:] for first in range(1, len(pixels)))
        before = next((end for end in ends if end in channels), pixels[-1:])
        followers.setdefault(channels.get(before), []).append((channel, pixels[: -len(before)][::-1]))

    def walk(channel: int | None, depth: int) -> Iterator[PathStep]:
        for following, pixels in followers.get(channel, []):
            yield PathStep(following, paths[following].destination, depth, pixels)
            yield from walk(following, depth + 1)

    return tuple(walk(None, 0))


def _straight_path(y: int, x: int) -> SearchPath:
    """Pixels of the box around source and destination that lie less than one pixel off the straight line."""
    box = [(row, column) for row in range(y + 1) for column in range(min(0, x), max(0, x) + 1)]
    # |cross product| / |(y, x)| is the distance to the line; squared, so that integers decide exactly
    pixels = [(row, column) for row, column in box if (y * column - x * row) ** 2 < y * y + x * x]
    pixels.sort(key=lambda pixel: -abs(pixel[0]) - abs(pixel[1]))
    return SearchPath((y, x), tuple(pixels))
