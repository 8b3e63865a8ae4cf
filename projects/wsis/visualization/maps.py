"""Drawing maps with one value per pixel: class activation maps and class boundaries."""

import cv2
import numpy as np
import torch

from .colors import check_photo, distinct_colors, mute_photo, to_array, to_uint8

STRONGEST_COVER = 0.85
COVER_EXPONENT = 0.8
CONTOUR_LEVELS = (0.25, 0.5, 0.75)
# boundaries are drawn as ink on paper; the ink is a dark blue that prints well
PAPER = np.array((255, 255, 255), np.float32)
INK = np.array((16, 24, 56), np.float32)


def enlarge_map(values: np.ndarray | torch.Tensor, size: tuple[int, int]) -> np.ndarray:
    """Enlarge maps of a network's stride to the size of the photo.

    A map of stride s has ``ceil(H / s)`` rows; what it covers beyond the photo is cut off, not squeezed into it.

    Args:
        values: ``(C, h, w)``.
        size: ``(H, W)`` of the photo, not smaller than the map.

    Returns:
        ``(C, H, W)`` float32.

    Raises:
        ValueError: If the map is not of this photo.
    """
    maps = to_array(values).astype(np.float32)
    if maps.ndim != 3:
        raise ValueError(f'maps are (C, h, w), not {maps.shape}')
    height, width = size
    if not len(maps):
        return np.zeros((0, height, width), np.float32)
    # several strides can give the same number of rows; networks use powers of two
    stride = 2 ** round(float(np.log2(max(height / maps.shape[1], width / maps.shape[2]))))
    if stride < 1 or maps.shape[1] * stride < height or maps.shape[2] * stride < width:
        raise ValueError(f'a map of {maps.shape[1:]} does not cover a photo of {tuple(size)}')
    full = (maps.shape[2] * stride, maps.shape[1] * stride)
    enlarged = np.stack([cv2.resize(channel, full, interpolation=cv2.INTER_CUBIC) for channel in maps])
    return enlarged[:, :height, :width]


def draw_cams(
    photo: np.ndarray,
    cams: np.ndarray | torch.Tensor,
    labels: np.ndarray | torch.Tensor,
    colors: np.ndarray | None = None,
) -> np.ndarray:
    """Lay the activation maps of a photo's classes over it: the strongest class of each pixel gives the colour, its
    value how much the colour covers. Contour lines mark a quarter, a half and three quarters of the maximum.

    Args:
        photo: ``(H, W, 3)`` uint8 RGB.
        cams: ``(K, h, w)`` in [0, 1], covering the photo; other sizes than the photo's are scaled to it.
        labels: ``(K,)`` 0-based class ids.
        colors: ``(C, 3)`` uint8 RGB colours of the classes; by default :func:`distinct_colors`.

    Returns:
        ``(H, W, 3)`` uint8 RGB.
    """
    cams, labels = to_array(cams).astype(np.float32), to_array(labels)
    if cams.ndim != 3 or len(cams) != len(labels):
        raise ValueError(f'CAMs are (K, h, w) with K labels, not {cams.shape} with {len(labels)}')
    muted = mute_photo(photo).astype(np.float32)
    if not len(cams):
        return to_uint8(muted)
    if colors is None:
        colors = distinct_colors(int(labels.max()) + 1)
    maps = np.stack([_scale(cam, photo.shape[:2]) for cam in cams])
    cover = STRONGEST_COVER * np.clip(maps.max(0), 0, 1)[..., None] ** COVER_EXPONENT
    tint = colors[labels[maps.argmax(0)]].astype(np.float32)
    picture = to_uint8(muted + cover * (tint - muted))
    for cam, label in zip(maps, labels):
        line = tuple(int(0.7 * value) for value in colors[label])
        for level in CONTOUR_LEVELS:
            outlines, _ = cv2.findContours((cam >= level).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
            cv2.polylines(picture, outlines, True, line, 1, cv2.LINE_AA)
    return picture


def draw_boundary(boundary: np.ndarray | torch.Tensor, size: tuple[int, int]) -> np.ndarray:
    """Draw a boundary map as ink on paper.

    Args:
        boundary: ``(1, h, w)`` or ``(h, w)`` in [0, 1], covering the photo.
        size: ``(H, W)`` of the picture.

    Returns:
        ``(H, W, 3)`` uint8 RGB: white where the boundary is 0, dark where it is 1.
    """
    boundary = to_array(boundary).astype(np.float32)
    if boundary.ndim == 3 and len(boundary) == 1:
        boundary = boundary[0]
    if boundary.ndim != 2:
        raise ValueError(f'a boundary map is (1, h, w) or (h, w), not {boundary.shape}')
    strength = np.clip(_scale(boundary, size), 0, 1)[..., None]
    return to_uint8(PAPER + strength * (INK - PAPER))


def draw_boundary_scale(width: int, height: int) -> np.ndarray:
    """Draw the scale of :func:`draw_boundary`: 0 on the left, 1 on the right. Returns ``(height, width, 3)`` uint8."""
    return draw_boundary(np.tile(np.linspace(0, 1, width, dtype=np.float32), (height, 1)), (height, width))


def resize_photo(photo: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scale a photo to ``(H, W)``, smoothly up and without aliasing down."""
    smaller = size[0] < check_photo(photo).shape[0]
    return cv2.resize(photo, size[::-1], interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)


def _scale(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if values.shape == tuple(size):
        return values
    return cv2.resize(values, tuple(size)[::-1], interpolation=cv2.INTER_LINEAR)
