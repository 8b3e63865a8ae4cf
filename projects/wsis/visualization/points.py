"""Drawing points of objects."""

import cv2
import numpy as np

from .colors import check_photo, distinct_colors

RADIUS_SHARE = 0.011  # of the longer side
SUBPIXELS = 4  # bits behind the point of cv2's coordinates


def draw_points(photo: np.ndarray, points: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Draw points as dots with a white and a dark ring, in the colours of their classes.

    Args:
        photo: ``(H, W, 3)`` uint8 RGB.
        points: ``(M, 2)`` places ``(y, x)`` in pixels.
        labels: ``(M,)`` 0-based class ids.

    Returns:
        ``(H, W, 3)`` uint8 RGB.
    """
    picture = check_photo(photo).copy()
    colors = distinct_colors(int(max(labels, default=-1)) + 1)
    radius = max(2.0, RADIUS_SHARE * max(photo.shape))
    for (y, x), label in zip(points, labels):
        center = (round(float(x) * 2**SUBPIXELS), round(float(y) * 2**SUBPIXELS))
        own = tuple(int(value) for value in colors[label])
        for extent, color in ((radius + 2, (24, 26, 32)), (radius + 1, (255, 255, 255)), (radius, own)):
            cv2.circle(picture, center, round(extent * 2**SUBPIXELS), color, -1, cv2.LINE_AA, SUBPIXELS)
    return picture
