"""Looking once at a mask's file: its size and the values it holds."""

from dataclasses import dataclass

import numpy as np

from ..structures.masks import read_index_png


@dataclass(frozen=True)
class MaskLook:
    """What one look at a mask's file gave.

    Attributes:
        reason: None for a mask that can be read, else what is wrong.
        width: Pixels.
        height: Pixels.
        values: The distinct values, rising.
    """

    reason: str | None = None
    width: int = 0
    height: int = 0
    values: tuple[int, ...] = ()


def look_at_mask(path: str) -> MaskLook:
    """Read a mask once; any problem is returned as its `reason`."""
    try:
        mask = read_index_png(path)
        height, width = mask.shape
        return MaskLook(width=width, height=height, values=tuple(int(value) for value in np.unique(mask)))
    except Exception as error:  # PIL's readers raise errors of many types for damaged files
        return MaskLook(reason=' '.join(str(error).split()) or type(error).__name__)
