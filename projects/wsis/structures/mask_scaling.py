"""Masks and class maps at another size, with smooth outlines."""

import cv2
import numpy as np

# An even number below 256: shares of a pixel are counted in it, and one half is exact.
WHOLE = 254


def scale_mask(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Enlarge a mask with a smooth outline: bilinear, cut at a half.

    Args:
        mask: (h, w) uint8, 0 or 1; fastest in Fortran order, as RLE is decoded.
        size: Height and width to give it.

    Returns:
        (H, W) bool in Fortran order; not empty where the mask is not.
    """
    turned = np.ascontiguousarray(mask.T)
    scaled = cv2.resize(turned * np.uint8(WHOLE), size, interpolation=cv2.INTER_LINEAR) > WHOLE // 2
    if not scaled.any() and mask.any():  # of a single pixel, no place may have more than a half
        scaled = cv2.resize(turned, size, interpolation=cv2.INTER_NEAREST_EXACT) > 0
    return scaled.T


def scale_class_map(labels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Enlarge a class map with smooth outlines: each pixel gets the label of the largest bilinear share.

    Args:
        labels: (h, w) uint8.
        size: Height and width to give it.

    Returns:
        (H, W) uint8.
    """
    scaled, largest = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    for label in np.unique(labels):
        share = cv2.resize((labels == label) * np.uint8(WHOLE), size[::-1], interpolation=cv2.INTER_LINEAR)
        scaled[share > largest] = label
        np.maximum(largest, share, out=largest)
    return scaled
