"""Connected components of label maps, made in the data-loading workers (BESTIE's pseudo labels, section 3.1)."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np


class LabelComponents(NamedTuple):
    """Components of one label map, numbered from 1 by class, then in raster order.

    Attributes:
        numbers: ``(H, W)`` int32, 0 if there is none.
        labels: ``(K,)`` int64 0-based class of each.
        centroids: ``(K, 2)`` int64 ``(y, x)``, truncated.
    """

    numbers: np.ndarray
    labels: np.ndarray
    centroids: np.ndarray


def find_components(label_map: np.ndarray, tags: Sequence[int], min_area: int = 50) -> LabelComponents:
    """Find the 8-connected components of the tagged classes.

    Args:
        label_map: ``(H, W)`` uint8: 0 background, 1..C classes, 255 ignore.
        tags: 0-based classes that count.
        min_area: Smaller components are left out, in pixels.
    """
    numbers = np.zeros(label_map.shape, np.int32)
    labels, centroids = [], []
    for tag in sorted(tags):
        mask = (label_map == tag + 1).astype(np.uint8)
        if not mask.any():
            continue
        count, components, stats, centers = cv2.connectedComponentsWithStats(mask, connectivity=8)
        kept = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] >= min_area)
        kept = kept[kept > 0]  # 0 is the rest of the map
        table = np.zeros(count, np.int32)
        table[kept] = len(labels) + 1 + np.arange(len(kept))
        numbers += table[components]
        labels += [tag] * len(kept)
        centroids += [(int(y), int(x)) for x, y in centers[kept]]
    return LabelComponents(
        numbers,
        np.array(labels, np.int64),
        np.array(centroids, np.int64).reshape(-1, 2),
    )
