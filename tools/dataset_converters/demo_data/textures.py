"""Grounds of the demo photos: grass, sand, water, wood, pebbles, linen and soil, as noise fields.

Every function takes a generator and the photo's size and gives `(height, width, 3)` float32 RGB in
about [0, 255]. The grounds are calmer than the objects, and none goes with a class.
"""

import cv2
import numpy as np


def noise(
    rng: np.random.Generator,
    shape: tuple[int, int],
    cell: float,
    octaves: int = 3,
    stretch: float = 1.0,
) -> np.ndarray:
    """Smooth noise: random grids, each octave twice as fine and half as strong.

    Args:
        rng: Source of randomness.
        shape: `(height, width)`.
        cell: Pixels between two values of the coarsest grid.
        octaves: Number of grids.
        stretch: How many times longer the cells are along x.

    Returns:
        `shape` float32, mean about 0, standard deviation about 1.
    """
    height, width = shape
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        size = max(cell / 2**octave, 1.0)
        grid = (int(height / size) + 2, int(width / size / stretch) + 2)
        values = rng.normal(0, 1, grid).astype(np.float32)
        total += cv2.resize(values, (width, height), interpolation=cv2.INTER_CUBIC) / 2**octave
    return total / (float(total.std()) + 1e-6)


def grass(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Short blades of many greens."""
    height, width = shape
    base = np.array([96, 124, 66]) + rng.normal(0, 8, 3)
    field = _tint(base, noise(rng, shape, 30), 12)
    for tone, count in ((0.72, 500), (1.0, 500), (1.28, 400)):
        starts = rng.uniform((0, 0), (width, height), (count, 2))
        tips = starts + np.stack([rng.normal(0, 3, count), -rng.uniform(4, 10, count)], axis=1)
        colors = base * tone * rng.uniform(0.9, 1.12, (count, 1)) + rng.normal(0, 6, (count, 3))
        for start, tip, color in zip(_fixed(starts), _fixed(tips), colors):
            cv2.line(field, start, tip, color.tolist(), 1, cv2.LINE_8, 4)
    return cv2.GaussianBlur(field, (3, 3), 0.6)


def sand(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Wind ripples and grains."""
    base = np.array([208, 186, 142]) + rng.normal(0, 8, 3)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    turn = rng.uniform(0, np.pi)
    phase = (x * np.cos(turn) + y * np.sin(turn)) / rng.uniform(2.5, 4.5)
    ripples = np.sin(phase + 1.6 * noise(rng, shape, 40, 2))
    grains = rng.normal(0, 1, shape).astype(np.float32)
    return _tint(base, 0.6 * ripples + 0.6 * grains + 0.7 * noise(rng, shape, 50), 10)


def water(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Shallow water with a net of light."""
    base = np.array([92, 150, 164]) + rng.normal(0, 9, 3)
    folds = np.abs(noise(rng, shape, rng.uniform(18, 30), 2, 1.6))
    light = np.exp(-folds * 4) + 0.6 * np.exp(-6 * np.abs(noise(rng, shape, 15, 2, 1.4)))
    return _tint(base, 2.4 * light - 0.8 + 0.6 * noise(rng, shape, 50), 16)


def wood(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Planks with grain."""
    height, width = shape
    upright = rng.random() < 0.5
    if upright:
        height, width = width, height
    base = np.array([164, 126, 88]) + rng.normal(0, 10, 3)
    field = np.zeros((height, width, 3), np.float32)
    plank = int(rng.integers(30, 48))
    for top in range(-int(rng.integers(plank)), height, plank):
        first, last = max(top, 0), min(top + plank, height)
        part = (last - first, width)
        y = np.arange(first, last, dtype=np.float32)[:, None] / rng.uniform(1.2, 2.2)
        grain = np.sin(y + 3.0 * noise(rng, part, 24, 2, 4.0))
        value = 0.55 * grain + 0.8 * noise(rng, part, 8, 2, 10.0) + rng.normal(0, 0.7)
        field[first:last] = _tint(base, value, 11)
        field[first : first + 2] *= 0.62
        field[first + 2 : first + 3] *= 1.1
    return field.transpose(1, 0, 2).copy() if upright else field


def pebbles(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Rounded grey and brown stones, larger ones last."""
    height, width = shape
    field = _tint(np.array([92, 86, 78]), noise(rng, shape, 10), 12)
    count = int(height * width / 95)
    radii = np.sort(rng.uniform(3.5, 9.5, count))
    centers = rng.uniform((0, 0), (width, height), (count, 2))
    warmth = rng.uniform(-1, 1, count)[:, None] * (14, 2, -14)
    colors = rng.uniform(112, 178, (count, 1)) + warmth
    for center, radius, color in zip(centers, radii, colors):
        turn = float(rng.uniform(0, 180))
        flat = radius * rng.uniform(0.65, 0.95)
        for shrink, tone in ((1.0, 0.72), (0.85, 1.0), (0.5, 1.09)):
            at = center - (1 - shrink) * radius * 0.45
            axes = tuple(_fixed(np.array([radius, flat]) * shrink))
            point = tuple(_fixed(at))
            cv2.ellipse(field, point, axes, turn, 0, 360, (color * tone).tolist(), -1, cv2.LINE_8, 4)
    field = cv2.GaussianBlur(field, (3, 3), 0.7)
    return field * (1 + 0.04 * rng.normal(0, 1, shape).astype(np.float32)[..., None])


def linen(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Woven cloth in a pale colour, sometimes checked."""
    base = rng.uniform(140, 205) + rng.normal(0, 13, 3)
    across = noise(rng, shape, 2.5, 1, 20.0)
    along = noise(rng, shape[::-1], 2.5, 1, 20.0).T
    value = 0.55 * across + 0.55 * along + 0.6 * noise(rng, shape, 45)
    field = _tint(base, value, 9)
    if rng.random() < 0.5:
        stripe = base * rng.uniform(0.68, 0.85) + rng.normal(0, 10, 3)
        period, share = rng.integers(22, 40), rng.uniform(0.25, 0.5)
        for axis in (0, 1):
            on = (np.arange(shape[axis]) % period) < share * period
            amount = np.expand_dims(0.35 * on.astype(np.float32), (1 - axis, 2))
            field = field * (1 - amount) + stripe.astype(np.float32) * amount
    return field


def soil(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Dark earth with crumbs."""
    base = np.array([120, 96, 74]) + rng.normal(0, 8, 3)
    crumbs = noise(rng, shape, 5, 2)
    light = np.where(crumbs > 1.1, crumbs, 0) - np.roll(np.where(crumbs > 1.1, crumbs, 0), 1, (0, 1))
    value = 0.8 * noise(rng, shape, 28) + 0.5 * crumbs + 0.9 * light
    return _tint(base, value + 0.4 * rng.normal(0, 1, shape), 14)


GROUNDS = (grass, sand, water, wood, pebbles, linen, soil)


def _tint(base: np.ndarray, value: np.ndarray, contrast: float) -> np.ndarray:
    """Colour field `base + contrast * value`, a little warmer where it is brighter."""
    color = base + np.asarray(value)[..., None] * (contrast * np.array([1.04, 1.0, 0.9]))
    return np.clip(color, 0, 255).astype(np.float32)


def _fixed(points: np.ndarray) -> list:
    """Positions as OpenCV's fixed-point integers with 4 fractional bits."""
    return np.round(np.asarray(points) * 16).astype(int).tolist()
