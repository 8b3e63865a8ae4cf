"""Connected components of label maps, made in the data-loading workers (BESTIE's pseudo labels, section 3.1)."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np


class LabelComponents(NamedTuple):
    """Components of one label map, numbered from 1 by class, then in raster order.

    Attributes:
        numbers: ``(H, W)`` int32, 0 where there is none.
        labels: ``(K,)`` int64 0-based class of each.
        centroids: ``(K, 2)`` int64 ``(y, x)``, truncated.
        layers: ``(K,)`` int64: components of one layer are at least ``distance`` pixels apart.
    """

    numbers: np.ndarray
    labels: np.ndarray
    centroids: np.ndarray
    layers: np.ndarray

    @property
    def num_layers(self) -> int:
        """Number of layers."""
        return int(self.layers.max()) + 1 if len(self.layers) else 0


def find_components(
    label_map: np.ndarray, tags: Sequence[int], min_area: int = 50, distance: int = 21
) -> LabelComponents:
    """Find the 8-connected components of the tagged classes.

    Args:
        label_map: ``(H, W)`` uint8: 0 background, 1..C classes, 255 ignore.
        tags: 0-based classes that count.
        min_area: Smaller components are left out, in pixels.
        distance: Of two components in one layer, in pixels along y or x between their boxes. Inside a layer a window
            that reaches less far sees one component only, so what is done for each component alone can be done for a
            whole layer at once.
    """
    numbers = np.zeros(label_map.shape, np.int32)
    labels, centroids, boxes = [], [], []
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
        boxes += [(top, left, top + height, left + width) for left, top, width, height, _ in stats[kept]]
    return LabelComponents(
        numbers,
        np.array(labels, np.int64),
        np.array(centroids, np.int64).reshape(-1, 2),
        np.array(_choose_layers(boxes, distance), np.int64),
    )


def _choose_layers(boxes: list[tuple[int, int, int, int]], distance: int) -> list[int]:
    """Give each box ``(top, left, bottom, right)`` the lowest layer whose boxes are all far enough from it."""
    layers: list[int] = []
    for top, left, bottom, right in boxes:
        near = {
            layer
            for layer, other in zip(layers, boxes)
            if max(other[0] - bottom, top - other[2], other[1] - right, left - other[3]) + 1 < distance
        }
        layers.append(next(layer for layer in range(len(boxes)) if layer not in near))
    return layers
