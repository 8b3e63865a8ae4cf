"""A small anti-aliased painter: one object is drawn in its own coordinates and comes out as a sprite.

Object coordinates are `(x, y)`, x to the right and y down, and an object is about 2 units long, from
-1 to 1. `Painter` maps them to pixels by length, rotation and mirror image, draws larger than needed
and shrinks at the end. Colours are RGB in [0, 255]; colour planes are premultiplied by alpha.
"""

from typing import NamedTuple

import cv2
import numpy as np

SUPERSAMPLE = 2
# The canvas reaches this many units to each side of the object's middle, so that a rotated object fits.
REACH = 1.4
# Light falls from the upper left of the photo on everything, whatever way an object is turned.
LIGHT = (-0.55, -0.83)
_SHIFT = 4  # fractional bits of OpenCV's drawing coordinates

Color = tuple[float, float, float]


class Sprite(NamedTuple):
    """A drawn object.

    Attributes:
        rgb: `(h, w, 3)` float32 in [0, 255], premultiplied by alpha.
        alpha: `(h, w)` float32 in [0, 1].
        mask: `(h, w)` bool, the pixels that belong to the object.
    """

    rgb: np.ndarray
    alpha: np.ndarray
    mask: np.ndarray


def ellipse(x: float, y: float, rx: float, ry: float, angle: float = 0.0) -> np.ndarray:
    """Outline of an ellipse, `(40, 2)`; `angle` in radians turns it clockwise on the screen."""
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    points = np.stack([rx * np.cos(turn), ry * np.sin(turn)], axis=1)
    return rotate(points, angle) + (x, y)


def rotate(points: np.ndarray, angle: float) -> np.ndarray:
    """Turn `(n, 2)` points about the origin by `angle` radians (clockwise on the screen)."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.asarray(points, float) @ np.array([[cos, sin], [-sin, cos]])


def points(text: str) -> np.ndarray:
    """Read points written as in SVG, 'x,y x,y ...', into `(n, 2)`."""
    return np.array([[float(value) for value in pair.split(',')] for pair in text.split()])


def curve(*knots: tuple[float, float] | str, closed: bool = True, steps: int = 8) -> np.ndarray:
    """Smooth line (Catmull-Rom spline).

    Args:
        knots: Points it goes through: pairs, or one text for `points`.
        closed: Whether it returns to its first point.
        steps: Points of the line between two knots.

    Returns:
        `(n, 2)` points.
    """
    knots = points(knots[0]) if isinstance(knots[0], str) else np.asarray(knots, float)
    before, after = (knots[-1:], knots[:2]) if closed else (knots[:1], knots[-1:])
    knots = np.concatenate([before, knots, after])
    a, b, c, d = knots[:-3], knots[1:-2], knots[2:-1], knots[3:]
    t = np.linspace(0, 1, steps, endpoint=False)[:, None, None]
    line = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    line = line.transpose(1, 0, 2).reshape(-1, 2)
    return line if closed else np.concatenate([line, knots[-1:]])


def vary(rng: np.random.Generator, color: Color, amount: float = 14.0) -> Color:
    """A colour near `color`: brightness and each channel move a little."""
    shift = rng.normal(0, amount) * 0.6 + rng.normal(0, amount, 3) * 0.7
    return tuple(float(c) for c in np.clip(np.asarray(color) + shift, 8, 250))


def mix(first: Color, second: Color, share: float) -> Color:
    """Blend two colours; `share` in [0, 1] is the part of the second."""
    return tuple(a + (b - a) * share for a, b in zip(first, second))


class Painter:
    """Draws one object.

    Args:
        rng: Source of the texture's noise.
        length: Length in photo pixels of 2 units.
        angle: Rotation in radians, clockwise on the screen.
        mirror: Whether left and right are exchanged before the rotation.
    """

    def __init__(self, rng: np.random.Generator, *, length: float, angle: float, mirror: bool) -> None:
        self.rng = rng
        self.unit = length / 2 * SUPERSAMPLE
        self.size = 2 * SUPERSAMPLE * int(np.ceil(length / 2 * REACH))
        cos, sin = np.cos(angle), np.sin(angle)
        sign = -1 if mirror else 1
        self._matrix = self.unit * np.array([[sign * cos, sign * sin], [-sin, cos]])
        self.rgb = np.zeros((self.size, self.size, 3), np.float32)
        self.alpha = np.zeros((self.size, self.size), np.float32)

    def fill(
        self,
        outline: np.ndarray,
        color: Color,
        *,
        within: np.ndarray | None = None,
        opacity: float = 1.0,
    ) -> np.ndarray:
        """Fill a closed outline.

        Args:
            outline: `(n, 2)` points in object coordinates.
            color: RGB.
            within: Coverage returned by an earlier call; the paint stays inside it.
            opacity: In (0, 1].

        Returns:
            Coverage of what was painted, `(size, size)` uint8, 255 is full.
        """
        pixels, box = self._project(outline, 2)
        coverage = np.zeros((self.size, self.size), np.uint8)
        fixed = np.round(pixels * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(coverage, [fixed], 255, cv2.LINE_AA, _SHIFT)
        return self._paint(coverage, box, color, within, opacity)

    def stroke(
        self,
        line: np.ndarray,
        color: Color,
        width: float,
        *,
        within: np.ndarray | None = None,
        opacity: float = 1.0,
    ) -> np.ndarray:
        """Draw an open line of `width` units (at least one drawn pixel); as `fill` otherwise."""
        thickness = max(1, round(width * self.unit))
        pixels, box = self._project(line, thickness + 2)
        coverage = np.zeros((self.size, self.size), np.uint8)
        fixed = np.round(pixels * (1 << _SHIFT)).astype(np.int32)
        cv2.polylines(coverage, [fixed], False, 255, thickness, cv2.LINE_AA, _SHIFT)
        return self._paint(coverage, box, color, within, opacity)

    def volume(self, coverage: np.ndarray, strength: float = 0.6, softness: float = 0.3) -> None:
        """Shade a part as if it bulged: brighter towards the light, darker away from it.

        Args:
            coverage: `(size, size)` uint8 from `fill`.
            strength: Share of brightness gained and lost.
            softness: Width in units of the rounded rim.
        """
        width = max(3, int(softness * self.unit) | 1)
        height = cv2.blur(cv2.blur(coverage, (width, width)), (width, width))
        height = height.astype(np.float32) / 255
        step_x, step_y = (int(round(v * width / 2)) for v in LIGHT)
        slope = np.roll(height, (-step_y, -step_x), (0, 1)) - np.roll(height, (step_y, step_x), (0, 1))
        # `slope` is negative where the surface falls off towards the light, i.e. where it is lit.
        light = 1 - strength * slope * (coverage.astype(np.float32) / 255)
        self.rgb *= light[..., None]
        np.minimum(self.rgb, 255 * self.alpha[..., None], out=self.rgb)

    def sprite(self, grain: float = 0.05, rim: float = 0.45) -> Sprite:
        """Finish: a darker rim, fine grain, shrink to photo pixels.

        Args:
            grain: Standard deviation of the brightness noise.
            rim: Share of brightness lost at the very edge.

        Returns:
            The object, cropped to its mask with a margin of one pixel.
        """
        width = max(3, int(0.07 * self.unit) | 1)
        inner = cv2.blur(self.alpha, (width, width))
        light = 1 - rim * np.clip(2 * (1 - inner), 0, 1)
        light *= 1 + grain * self._grain()
        rgb = np.clip(self.rgb * light[..., None], 0, 255)
        small = self.size // SUPERSAMPLE
        rgb = cv2.resize(rgb, (small, small), interpolation=cv2.INTER_AREA)
        alpha = cv2.resize(self.alpha, (small, small), interpolation=cv2.INTER_AREA)
        mask = largest_part(alpha > 0.5)
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        window = np.s_[max(rows[0] - 1, 0) : rows[-1] + 2, max(columns[0] - 1, 0) : columns[-1] + 2]
        return Sprite(rgb[window], alpha[window], mask[window])

    def _grain(self) -> np.ndarray:
        """Noise with coarse and fine parts, `(size, size)`, standard deviation about 1."""
        fine = self.rng.normal(0, 0.7, (self.size // 2, self.size // 2)).astype(np.float32)
        coarse = self.rng.normal(0, 1.2, (max(self.size // 12, 2),) * 2).astype(np.float32)
        shape = (self.size, self.size)
        return cv2.resize(fine, shape) + cv2.resize(coarse, shape, interpolation=cv2.INTER_CUBIC)

    def _project(self, points: np.ndarray, margin: int) -> tuple[np.ndarray, tuple[int, int, int, int]]:
        """Pixel positions of object points and their clipped box `(x1, y1, x2, y2)`."""
        pixels = np.asarray(points, float) @ self._matrix + (self.size - 1) / 2
        x1, y1 = np.clip(np.floor(pixels.min(0)).astype(int) - margin, 0, self.size)
        x2, y2 = np.clip(np.ceil(pixels.max(0)).astype(int) + margin + 1, 0, self.size)
        return pixels, (x1, y1, x2, y2)

    def _paint(
        self,
        coverage: np.ndarray,
        box: tuple[int, int, int, int],
        color: Color,
        within: np.ndarray | None,
        opacity: float,
    ) -> np.ndarray:
        x1, y1, x2, y2 = box
        window = np.s_[y1:y2, x1:x2]
        if within is not None:
            coverage[window] = cv2.multiply(coverage[window], within[window], scale=1 / 255)
        amount = coverage[window].astype(np.float32) * (opacity / 255)
        self.rgb[window] *= (1 - amount)[..., None]
        self.rgb[window] += amount[..., None] * np.asarray(color, np.float32)
        self.alpha[window] += amount * (1 - self.alpha[window])
        return coverage


def largest_part(mask: np.ndarray) -> np.ndarray:
    """Keep the largest 8-connected part of a `(h, w)` bool mask (drops crumbs of thin legs)."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count <= 2:
        return mask
    return labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
