"""Class maps as palette PNG, as in PASCAL VOC."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from .files import write_atomically

VOID_COLOR = (224, 224, 192)  # VOC draws ignored pixels (255) in cream


def voc_palette(count: int) -> list[tuple[int, int, int]]:
    """Return the first colours (RGB) of the PASCAL VOC colour map after background."""
    colors = []
    for index in range(1, count + 1):
        color = [0, 0, 0]
        for bit in range(8):
            for channel in range(3):
                color[channel] |= ((index >> (3 * bit + channel)) & 1) << (7 - bit)
        colors.append(tuple(color))
    return colors


def write_index_png(
    path: str | Path, labels: np.ndarray, palette: Sequence[tuple[int, int, int]] | None = None
) -> None:
    """Write a map of indices as palette PNG, atomically.

    Args:
        path: The file.
        labels: ``(H, W)`` uint8: 0 background, 1..C classes, 255 ignore.
        palette: Colours (RGB) of 1..C; by default VOC's.
    """
    colors = [(0, 0, 0), *(voc_palette(254) if palette is None else palette)]
    colors += [(0, 0, 0)] * (255 - len(colors)) + [VOID_COLOR]
    picture = Image.fromarray(labels)
    picture.putpalette([int(value) for color in colors for value in color])
    write_atomically(path, lambda file: picture.save(file, format='PNG'))
