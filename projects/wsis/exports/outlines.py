"""Outlines of masks as polygons."""

import cv2
import numpy as np
from pycocotools import mask as coco_mask
from scipy.spatial import cKDTree

# In pixels; a diagonal of steps of one pixel becomes a straight line.
TOLERANCE = 0.75
# Share of the mask that simplified outlines must keep; thin and small shapes do not, and stay exact.
KEPT_IOU = 0.98


def trace_outlines(encoded: dict) -> list[np.ndarray]:
    """Trace a mask as polygons along the edges of its pixels, so that filling them restores the mask.

    A polygon has one contiguous part (also by corners) with its holes; the largest part comes first. Each hole is
    joined to the outline by a cut of no width, run through there and back. Outlines are simplified where little of the
    mask is lost by it.

    Args:
        encoded: The mask as COCO RLE with bytes.

    Returns:
        Polygons ``(N, 2)`` float64 of at least three points ``(x, y)`` in pixels, 0 and the photo's width and height
        being its borders; none of an empty mask.
    """
    parts = _trace_rings(encoded)
    if not parts:
        return []
    simple = [[_simplify(ring) for ring in rings] for rings in parts]
    if all(len(ring) >= 3 for rings in simple for ring in rings):
        polygons = [_join_rings(rings) for rings in simple]
        if _measure_overlap(polygons, encoded) >= KEPT_IOU:
            return polygons
    return [_join_rings(rings) for rings in parts]


def join_polygons(polygons: list[np.ndarray]) -> np.ndarray:
    """Join the parts of an instance to one polygon by cuts of no width, for formats that have one polygon only."""
    return _join_rings(polygons)


def _trace_rings(encoded: dict) -> list[list[np.ndarray]]:
    """Return the rings of each part, the outer one first, along the edges of pixels."""
    left, top, width, height = (int(value) for value in coco_mask.toBbox(encoded))
    if not width or not height:
        return []
    mask = coco_mask.decode(encoded)[top : top + height, left : left + width]
    # contours run through the middle of pixels; on halves of pixels they tell which edge is meant
    contours, (hierarchy,) = cv2.findContours(mask.repeat(2, 0).repeat(2, 1), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    rings = [_drop_repeated((contour[:, 0] + 1) // 2 + (left, top)) for contour in contours]
    # the largest part first: some programs read no other
    outer = [index for index, links in enumerate(hierarchy) if links[3] < 0]
    outer.sort(key=lambda index: -cv2.contourArea(contours[index]))
    holes = {index: [] for index in outer}
    for index, links in enumerate(hierarchy):
        if links[3] >= 0:
            holes[links[3]].append(rings[index])
    return [[rings[index], *holes[index]] for index in outer]


def _drop_repeated(ring: np.ndarray) -> np.ndarray:
    return ring[(ring != np.roll(ring, 1, axis=0)).any(1)]


def _simplify(ring: np.ndarray) -> np.ndarray:
    return cv2.approxPolyDP(ring.astype(np.int32)[:, None], TOLERANCE, True)[:, 0]


def _join_rings(rings: list[np.ndarray]) -> np.ndarray:
    """Join rings to the first one, each where it is nearest."""
    joined = rings[0].astype(np.float64)
    for ring in rings[1:]:
        distances, nearest = cKDTree(joined).query(ring)
        start = int(distances.argmin())
        place = int(nearest[start])
        turned = np.roll(ring, -start, axis=0)
        joined = np.concatenate([joined[: place + 1], turned, turned[:1], joined[place:]])
    return joined


def _measure_overlap(polygons: list[np.ndarray], encoded: dict) -> float:
    filled = coco_mask.merge(
        coco_mask.frPyObjects([polygon.ravel().tolist() for polygon in polygons], *encoded['size'])
    )
    return float(coco_mask.iou([filled], [encoded], [0])[0, 0])
