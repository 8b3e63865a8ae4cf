"""Small pictures of a photo and of the layers that lie over it, encoded for a page that shows them in any mix.

Layers are transparent where they say nothing. An object, or a class, has the same colour in all of them; outlines tell
pseudo labels (the class's colour), predictions (white) and true masks (black) apart where several are shown.
"""

import io
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from ...structures import decode_photo
from ...structures.masks import IGNORE_LABEL
from ...visualization.displacement import direction_to_color
from ...visualization.maps import COVER_EXPONENT, INK, STRONGEST_COVER

PHOTO_QUALITY, LAYER_QUALITY = 62, 70
FILL_COVER = 120  # of 255
CAM_STEPS = 10
BOUNDARY_STEPS = 12
OUTLINES = dict(label=None, prediction=(255, 255, 255), truth=(0, 0, 0))  # None: the class's own colour
UNSURE_COLOR = (150, 150, 150)


def read_photo(path: str | Path, side: int) -> np.ndarray:
    """Read a photo as ``(h, w, 3)`` uint8 RGB with at most ``side`` pixels on its longer side.

    Raises:
        PhotoError: If it cannot be read.
    """
    return np.ascontiguousarray(decode_photo(path, side)[..., ::-1])


def encode_photo(photo: np.ndarray) -> bytes:
    """Encode a picture ``(h, w, 3)`` uint8 RGB as WebP."""
    return _encode(Image.fromarray(photo), 'WEBP', quality=PHOTO_QUALITY, method=4)


def draw_cam_layer(cams: np.ndarray, labels: np.ndarray, size: tuple[int, int], colors: np.ndarray) -> bytes:
    """Draw CAMs: the strongest class of each pixel gives the colour, its value how much it covers.

    Args:
        cams: ``(K, h, w)`` in [0, 1].
        labels: ``(K,)`` 0-based class ids.
        size: ``(h, w)`` of the picture.
        colors: ``(C, 3)`` uint8 RGB colours of the classes.

    Returns:
        PNG.
    """
    indices, palette = np.zeros(size, np.uint8), [(0, 0, 0, 0)]
    if len(cams):
        maps = np.stack([cv2.resize(cam.astype(np.float32), size[::-1]) for cam in cams])
        steps = np.rint(np.clip(maps.max(0), 0, 1) * CAM_STEPS).astype(int)
        used = _limit_classes(maps.argmax(0), CAM_STEPS)
        indices = np.where((steps > 0) & (used >= 0), 1 + used * CAM_STEPS + steps - 1, 0).astype(np.uint8)
        for label in labels[: 255 // CAM_STEPS]:
            covers = STRONGEST_COVER * (np.arange(1, CAM_STEPS + 1) / CAM_STEPS) ** COVER_EXPONENT
            palette += [(*map(int, colors[label]), round(255 * cover)) for cover in covers]
    return encode_palette(indices, palette)


def _limit_classes(strongest: np.ndarray, steps: int) -> np.ndarray:
    """Return the class of each pixel, -1 for those beyond what a palette of 256 colours takes."""
    return np.where(strongest < 255 // steps, strongest, -1)


def draw_boundary_layer(boundary: np.ndarray, size: tuple[int, int]) -> bytes:
    """Draw a boundary map ``(h, w)`` in [0, 1] as ink of its strength. Returns PNG."""
    strength = np.clip(cv2.resize(boundary.astype(np.float32), size[::-1]), 0, 1)
    palette = [(*map(int, INK), round(235 * step / BOUNDARY_STEPS)) for step in range(BOUNDARY_STEPS + 1)]
    return encode_palette(np.rint(strength * BOUNDARY_STEPS).astype(np.uint8), palette)


def draw_displacement_layer(displacement: np.ndarray, size: tuple[int, int], full_length: float) -> bytes:
    """Draw a displacement field by the colour wheel; the shorter, the more transparent.

    Args:
        displacement: ``(2, h, w)`` (y, x).
        size: ``(h, w)`` of the picture.
        full_length: Length that has the full colour, in the unit of the field.

    Returns:
        WebP.
    """
    field = np.stack([cv2.resize(channel.astype(np.float32), size[::-1]) for channel in displacement])
    field /= max(full_length, 1e-6)
    length = np.clip(np.hypot(*field), 0, 1)
    # direction_to_color mixes with white what is short; here the page's ground or the photo shines through instead
    color = direction_to_color(field / np.maximum(length, 1e-6))
    cover = np.rint(235 * length**0.8).astype(np.uint8)
    return _encode(Image.fromarray(np.dstack([color, cover])), 'WEBP', quality=LAYER_QUALITY, method=4)


def draw_masks_layer(
    masks: Sequence[np.ndarray], labels: Sequence[int], size: tuple[int, int], colors: np.ndarray, outline: str
) -> bytes:
    """Draw masks as fills with outlines; large ones lie below small ones.

    Args:
        masks: ``(H, W)`` bool of any one size each.
        labels: 0-based class of each, or 254 for unsure pixels of a class map (255 there).
        size: ``(h, w)`` of the picture.
        colors: ``(C, 3)`` uint8 RGB colours of the classes.
        outline: Key of :data:`OUTLINES`.

    Returns:
        PNG.
    """
    shares = [_scale_mask(mask, size) for mask in masks]
    used = sorted(set(labels))
    indices = np.zeros(size, np.uint8)
    for mask, label in sorted(zip(shares, labels), key=lambda pair: -int(pair[0].sum())):
        fill = 1 + 2 * used.index(label)
        indices[mask] = fill
        indices[mask & ~_erode(mask)] = fill + 1
    palette = [(0, 0, 0, 0)]
    for label in used:
        color = UNSURE_COLOR if label == IGNORE_LABEL - 1 else tuple(map(int, colors[label]))
        palette += [(*color, FILL_COVER), (*(OUTLINES[outline] or color), 255)]
    return encode_palette(indices, palette)


def draw_class_map_layer(class_map: np.ndarray, size: tuple[int, int], colors: np.ndarray, outline: str) -> bytes:
    """Draw a class map ``(H, W)`` (0 background, 1..C classes, 255 unsure) as :func:`draw_masks_layer` does."""
    present = [int(value) for value in np.unique(class_map) if value]
    masks = [class_map == value for value in present]
    return draw_masks_layer(masks, [value - 1 for value in present], size, colors, outline)


def encode_palette(indices: np.ndarray, palette: Sequence[tuple[int, int, int, int]]) -> bytes:
    """Encode a map of indices ``(h, w)`` uint8 as PNG with a palette of RGBA colours."""
    picture = Image.fromarray(indices)
    picture.putpalette([value for *color, _ in palette for value in color])
    return _encode(picture, 'PNG', transparency=bytes(alpha for *_, alpha in palette), optimize=True)


def _scale_mask(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if mask.shape == tuple(size):
        return mask
    return cv2.resize(mask.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA) > 0.5


def _erode(mask: np.ndarray) -> np.ndarray:
    """Return a mask without its rim of one pixel, or two where the picture is large; the picture's edge is no rim."""
    rim = 1 if max(mask.shape) < 300 else 2
    kernel = np.ones((2 * rim + 1, 2 * rim + 1), np.uint8)
    return cv2.erode(mask.astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1) > 0


def _encode(picture: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()
