"""Composes a photo: what is on it, where each object lies, light and shadow, and the true masks.

Photos are planned so that tags are balanced and instances are worth separating: most photos have
several objects of one class, and some of these touch or partly cover each other.
"""

from typing import NamedTuple

import cv2
import numpy as np

from .clutter import draw_clutter
from .painter import LIGHT, Sprite
from .shapes import DEMO_CLASSES, body_color, draw_object
from .textures import GROUNDS, noise

# An object must show at least this share of itself and this many pixels.
MIN_VISIBLE_SHARE = 0.5
MIN_VISIBLE_AREA = 60
# Lengths are meant for photos of this size and grow with it.
NOMINAL_SIZE = 160
# Length of an object in pixels by the number of objects in the photo.
LENGTHS = {1: (66, 92), 2: (54, 76), 3: (48, 66), 4: (44, 58), 5: (40, 52), 6: (38, 48)}
# A new member of a group touches an earlier one with this probability, and then covers part of
# it (rather than lying side by side) with that one.
TOUCH_PROBABILITY = 0.35
COVER_PROBABILITY = 0.4


class Photo(NamedTuple):
    """A rendered photo with its truth.

    Attributes:
        image: `(height, width, 3)` uint8 RGB.
        instances: `(height, width)` uint8, 0 background, object `k` of `names` is `k + 1`.
        names: Class name of each object, in the order of the instance numbers.
        truncated: Whether each object is cut by the photo's edge.
        occluded: Whether each object is partly covered by another.
    """

    image: np.ndarray
    instances: np.ndarray
    names: list[str]
    truncated: list[bool]
    occluded: list[bool]


class _Placed(NamedTuple):
    name: str
    sprite: Sprite
    y: int
    x: int


def render_photo(seed: int, index: int, size: int = NOMINAL_SIZE) -> Photo:
    """Render photo `index` of the set `seed`; the same arguments give the same photo anywhere.

    Args:
        seed: Seed of the set.
        index: Number of the photo, counted over all splits.
        size: Mean side length; sides vary by a tenth.
    """
    rng = np.random.default_rng([seed, index])
    shape = tuple(int(v) for v in rng.integers(round(0.9 * size), round(1.1 * size) + 1, 2))
    plan = plan_objects(rng, primary_class(seed, index))
    zoom = size / NOMINAL_SIZE
    placed = _place_all(rng, plan, shape, zoom)
    canvas = _ground(rng, shape, zoom)
    for item in placed:
        _paste(canvas, item, zoom)
    image = _develop(rng, canvas)
    instances = np.zeros(shape, np.uint8)
    for number, item in enumerate(placed, 1):
        window, part = _overlap(item, shape)
        instances[window][item.sprite.mask[part]] = number
    return _label(image, instances, placed)


def primary_class(seed: int, index: int) -> str:
    """The main class of a photo: each run of as many photos as classes has every class once."""
    block, place = divmod(index, len(DEMO_CLASSES))
    # A third entropy word keeps this apart from the photos' own generators.
    order = np.random.default_rng([seed, block, 1]).permutation(len(DEMO_CLASSES))
    return DEMO_CLASSES[order[place]]


def plan_objects(rng: np.random.Generator, primary: str) -> list[str]:
    """Choose the classes of a photo's 1 to 6 objects.

    65% of the photos have a group of 2 to 4 of the primary class, most with one or two others
    beside it; 20% mix single objects of 2 or 3 classes; 15% show one object.

    Returns:
        Class names in the order of placement, members of a class in a row.
    """
    others = [name for name in DEMO_CLASSES if name != primary]
    rng.shuffle(others)
    kind = rng.random()
    if kind < 0.15:
        return [primary]
    if kind < 0.35:
        counts = [1, 1] if rng.random() < 0.6 else [1, 1, 1]
    else:
        group = int(rng.choice([2, 3, 4], p=[0.45, 0.35, 0.2]))
        counts = [group, *rng.choice([1, 1, 2], size=rng.choice([0, 1, 2], p=[0.4, 0.42, 0.18]))]
    names = [primary, *others]
    plan = [name for name, count in zip(names, counts) for _ in range(count)]
    return plan[: max(LENGTHS)]


def _place_all(rng: np.random.Generator, plan: list[str], shape: tuple[int, int], zoom: float) -> list[_Placed]:
    """Draw and place the planned objects; one that fits nowhere is made smaller, then left out."""
    placed: list[_Placed] = []
    shortest, longest = LENGTHS[len(plan)]
    colors: dict[str, tuple] = {}
    for name in plan:
        # Members of a group often look alike, else colour would separate them.
        alike = name in colors and rng.random() < 0.6
        colors[name] = colors[name] if alike else body_color(rng, name)
        length = float(rng.uniform(shortest, longest)) * zoom
        for attempt in range(6):
            sprite = draw_object(rng, name, length * 0.93**attempt, colors[name])
            item = _place(rng, name, sprite, placed, shape)
            if item is not None:
                placed.append(item)
                break
    return placed


def _place(
    rng: np.random.Generator,
    name: str,
    sprite: Sprite,
    placed: list[_Placed],
    shape: tuple[int, int],
) -> _Placed | None:
    """Find a position: beside or over a member of the same class, or apart from all."""
    mates = [item for item in placed if item.name == name]
    occupied = _occupied(placed, shape)
    touch = bool(mates) and rng.random() < TOUCH_PROBABILITY
    for _ in range(12):
        if touch:
            cover = rng.uniform(0.05, 0.2) if rng.random() < COVER_PROBABILITY else 0.005
            item = _slide(rng, name, sprite, mates[rng.integers(len(mates))], occupied, cover)
        else:
            limits = np.array(shape) - sprite.mask.shape
            y, x = rng.uniform(-4, np.maximum(limits + 4, -3)).round().astype(int)
            item = _Placed(name, sprite, int(y), int(x))
        if _fits(item, placed, occupied, shape, apart=not touch):
            return item
    return None


def _slide(
    rng: np.random.Generator,
    name: str,
    sprite: Sprite,
    mate: _Placed,
    occupied: np.ndarray,
    cover: float,
) -> _Placed:
    """Move the sprite towards `mate` from a random side until it covers `cover` of itself."""
    turn = rng.uniform(0, 2 * np.pi)
    step = np.array([np.sin(turn), np.cos(turn)])
    middle = np.array([mate.y, mate.x]) + np.array(mate.sprite.mask.shape) / 2
    corner = middle - np.array(sprite.mask.shape) / 2
    start = (max(mate.sprite.mask.shape) + max(sprite.mask.shape)) // 2 + 2
    enough = max(cover * sprite.mask.sum(), 2)
    for distance in range(start, -1, -1):
        y, x = (int(v) for v in np.round(corner + distance * step))
        item = _Placed(name, sprite, y, x)
        window, part = _overlap(item, occupied.shape)
        if np.count_nonzero(occupied[window] & sprite.mask[part]) >= enough:
            return item
    return item


def _fits(
    item: _Placed,
    placed: list[_Placed],
    occupied: np.ndarray,
    shape: tuple[int, int],
    *,
    apart: bool,
) -> bool:
    """Return whether the object is inside the photo, apart from others if asked, and hides none."""
    window, part = _overlap(item, shape)
    inside = np.count_nonzero(item.sprite.mask[part])
    if inside < 0.9 * item.sprite.mask.sum():
        return False
    if apart:
        near = cv2.dilate(occupied.astype(np.uint8), np.ones((9, 9), np.uint8))[window] > 0
        if (near & item.sprite.mask[part]).any():
            return False
    numbers = np.zeros(shape, np.uint8)
    for number, other in enumerate([*placed, item], 1):
        window, part = _overlap(other, shape)
        numbers[window][other.sprite.mask[part]] = number
    visible = np.bincount(numbers.ravel(), minlength=len(placed) + 2)[1:]
    whole = np.array([other.sprite.mask.sum() for other in [*placed, item]])
    return bool(((visible >= MIN_VISIBLE_SHARE * whole) & (visible >= MIN_VISIBLE_AREA)).all())


def _occupied(placed: list[_Placed], shape: tuple[int, int]) -> np.ndarray:
    occupied = np.zeros(shape, bool)
    for item in placed:
        window, part = _overlap(item, shape)
        occupied[window] |= item.sprite.mask[part]
    return occupied


def _overlap(item: _Placed, shape: tuple[int, int]) -> tuple[tuple, tuple]:
    """Window of the photo under the sprite, and the part of the sprite inside the photo."""
    height, width = item.sprite.mask.shape
    y1, x1 = min(max(item.y, 0), shape[0]), min(max(item.x, 0), shape[1])
    y2, x2 = max(min(item.y + height, shape[0]), y1), max(min(item.x + width, shape[1]), x1)
    return np.s_[y1:y2, x1:x2], np.s_[y1 - item.y : y2 - item.y, x1 - item.x : x2 - item.x]


def _ground(rng: np.random.Generator, shape: tuple[int, int], zoom: float) -> np.ndarray:
    """A ground with 3 to 8 things of no class lying on it, `(height, width, 3)` float32."""
    canvas = GROUNDS[rng.integers(len(GROUNDS))](rng, shape).astype(np.float32)
    for _ in range(rng.integers(3, 9)):
        sprite = draw_clutter(rng, zoom)
        y, x = (rng.uniform(-0.08, 1.0, 2) * shape).astype(int)
        _paste(canvas, _Placed('', sprite, int(y), int(x)), zoom)
    return canvas


def _paste(canvas: np.ndarray, item: _Placed, zoom: float) -> None:
    """Lay a sprite on the canvas, in place, with a soft shadow on what lies below."""
    margin = int(round(9 * zoom))
    alpha = cv2.copyMakeBorder(item.sprite.alpha, *[margin] * 4, cv2.BORDER_CONSTANT, value=0)
    shadow = cv2.GaussianBlur(alpha, (0, 0), 2.4 * zoom)
    away = [-int(round(4 * zoom * v)) for v in LIGHT]
    shade = Sprite(shadow, shadow, shadow > 0)
    below = _Placed('', shade, item.y - margin + away[1], item.x - margin + away[0])
    window, part = _overlap(below, canvas.shape[:2])
    canvas[window] *= (1 - 0.5 * shadow[part])[..., None]
    window, part = _overlap(item, canvas.shape[:2])
    canvas[window] *= (1 - item.sprite.alpha[part])[..., None]
    canvas[window] += item.sprite.rgb[part]


def _develop(rng: np.random.Generator, canvas: np.ndarray) -> np.ndarray:
    """Uneven light, a colour cast, slight blur and sensor noise; `(height, width, 3)` uint8."""
    height, width = canvas.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    turn = rng.uniform(0, 2 * np.pi)
    light = 1 + rng.uniform(0.05, 0.2) * (x * np.cos(turn) + y * np.sin(turn))
    light += 0.04 * noise(rng, (height, width), 60, 1) - 0.05 * (x**2 + y**2)
    cast = rng.uniform(0.94, 1.06, 3) * rng.uniform(0.92, 1.08)
    photo = cv2.GaussianBlur(canvas, (3, 3), rng.uniform(0.25, 0.55))
    photo = photo * light[..., None] * cast + rng.normal(0, 2.5, canvas.shape)
    return np.clip(np.round(photo), 0, 255).astype(np.uint8)


def _label(image: np.ndarray, instances: np.ndarray, placed: list[_Placed]) -> Photo:
    visible = np.bincount(instances.ravel(), minlength=len(placed) + 1)[1:]
    truncated, occluded = [], []
    for item, shown in zip(placed, visible):
        _, part = _overlap(item, instances.shape)
        inside = int(item.sprite.mask[part].sum())
        truncated.append(inside < int(item.sprite.mask.sum()))
        occluded.append(int(shown) < inside)
    return Photo(image, instances, [item.name for item in placed], truncated, occluded)
