"""Distinct colours, muted photos to draw on, and checks of the inputs."""

import colorsys

import numpy as np
import torch

# strong and even in lightness, so that none hides on a muted photo and white text reads on all of them
STRONG_COLORS = (
    (228, 57, 60),
    (33, 119, 212),
    (32, 158, 72),
    (146, 64, 210),
    (245, 124, 0),
    (0, 160, 170),
    (230, 40, 140),
    (112, 148, 0),
    (176, 90, 30),
    (84, 84, 220),
)
GOLDEN_RATIO = 0.618033988749895
GREY_WEIGHTS = (0.299, 0.587, 0.114)


def distinct_colors(count: int) -> np.ndarray:
    """Return colours that are easy to tell apart; the first ones do not depend on how many there are.

    Args:
        count: How many, 0 or more. Beyond ten, hues follow the golden ratio, so that neighbours differ.

    Returns:
        ``(count, 3)`` uint8 RGB.
    """
    colors = [*STRONG_COLORS[:count]]
    for index in range(len(colors), count):
        hue = (index * GOLDEN_RATIO) % 1
        red, green, blue = colorsys.hsv_to_rgb(hue, 0.6 + 0.2 * (index % 2), 0.85 - 0.2 * (index // 2 % 2))
        colors.append((round(255 * red), round(255 * green), round(255 * blue)))
    return np.array(colors, np.uint8).reshape(-1, 3)


def mute_photo(photo: np.ndarray, saturation: float = 0.25, lightness: float = 0.35) -> np.ndarray:
    """Make a photo pale and nearly grey, so that drawings stand out and the scene is still visible.

    Args:
        photo: ``(H, W, 3)`` uint8 RGB.
        saturation: Share of colour that stays, in [0, 1].
        lightness: How far towards white, in [0, 1].

    Returns:
        ``(H, W, 3)`` uint8 RGB.
    """
    photo = check_photo(photo).astype(np.float32)
    grey = (photo @ np.array(GREY_WEIGHTS, np.float32))[..., None]
    muted = grey + saturation * (photo - grey)
    return to_uint8(muted + lightness * (255 - muted))


def check_photo(photo: np.ndarray) -> np.ndarray:
    """Return the photo.

    Raises:
        ValueError: If it is not ``(H, W, 3)`` uint8 with at least one pixel.
    """
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8 or not photo.size:
        raise ValueError(f'a photo to draw on is (H, W, 3) uint8 RGB, not {photo.shape} {photo.dtype}')
    return photo


def to_array(values: np.ndarray | torch.Tensor) -> np.ndarray:
    """Return a tensor of any device, or an array, as an array."""
    return values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)


def to_uint8(picture: np.ndarray) -> np.ndarray:
    """Round a picture with values of about 0 to 255 to uint8."""
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)
