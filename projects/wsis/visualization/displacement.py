"""Drawing displacement fields by the colour wheel: the hue is the direction, the saturation the length."""

import cv2
import numpy as np
import torch

from .colors import to_array, to_uint8

DARKEST = 0.82


def direction_to_color(vectors: np.ndarray) -> np.ndarray:
    """Return the colours of vectors of length 0 to 1.

    Right is red (hue 0 degrees); the hue grows clockwise as seen on the picture: down is yellow-green (90), left is
    cyan (180), up is violet (270). Length 0 is white; longer vectors are more saturated and a little darker.

    Args:
        vectors: ``(2, H, W)`` float (y, x), rows counted downwards; lengths over 1 count as 1.

    Returns:
        ``(H, W, 3)`` uint8 RGB.
    """
    y, x = vectors.astype(np.float32)
    hue = np.degrees(np.arctan2(y, x)) % 360
    length = np.clip(np.hypot(y, x), 0, 1)
    hsv = np.stack([hue, length, 1 - (1 - DARKEST) * length], axis=-1).astype(np.float32)
    return to_uint8(255 * cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


def draw_displacement(
    displacement: np.ndarray | torch.Tensor, size: tuple[int, int], full_length: float | None = None
) -> np.ndarray:
    """Draw a displacement field.

    Args:
        displacement: ``(2, h, w)`` (y, x), covering the photo.
        size: ``(H, W)`` of the picture.
        full_length: Length that has the full colour, in the unit of the field; by default the longest of the field.
            Give fields that are compared the same.

    Returns:
        ``(H, W, 3)`` uint8 RGB; see :func:`direction_to_color`.
    """
    field = to_array(displacement).astype(np.float32)
    if field.ndim != 3 or len(field) != 2:
        raise ValueError(f'a displacement field is (2, h, w), not {field.shape}')
    if full_length is None:
        full_length = float(np.hypot(*field).max())
    # vectors are scaled up before they become colours: colours in between of two hues would be hues of their own
    scaled = np.stack([cv2.resize(channel, tuple(size)[::-1], interpolation=cv2.INTER_LINEAR) for channel in field])
    return direction_to_color(scaled / max(full_length, 1e-6))


def draw_color_wheel(diameter: int, background: tuple[int, int, int] = (255, 255, 255)) -> np.ndarray:
    """Draw the wheel that explains the colours: a vector from its centre to a point has the colour of that point.

    Args:
        diameter: Of the wheel, in pixels.
        background: Colour outside of the wheel.

    Returns:
        ``(diameter, diameter, 3)`` uint8 RGB.
    """
    steps = (np.arange(diameter, dtype=np.float32) + 0.5) / diameter * 2 - 1
    vectors = np.stack(np.meshgrid(steps, steps, indexing='ij'))
    radius = np.hypot(*vectors)
    # the rim fades over one pixel, so that it looks round
    inside = np.clip((1 - radius) * diameter / 2 + 0.5, 0, 1)[..., None]
    wheel = direction_to_color(vectors).astype(np.float32)
    return to_uint8(wheel * inside + np.array(background, np.float32) * (1 - inside))
