"""The objects of the demo set: one drawing function per class, all parts in object coordinates.

Every object has a part that no other class has (a face, a dotted shell, wheels ...) and a body whose
colours other classes share, so that a classifier looks at the part rather than at the whole.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .painter import Color, Painter, Sprite, curve, ellipse, mix, points, rotate, vary

RED: Color = (204, 42, 38)
ORANGE: Color = (236, 126, 34)
YELLOW: Color = (243, 200, 52)
BLUE: Color = (52, 104, 205)
TEAL: Color = (38, 160, 158)
VIOLET: Color = (138, 80, 190)
PINK: Color = (236, 122, 168)
BROWN: Color = (150, 94, 56)
GREEN: Color = (72, 140, 62)
WHITE: Color = (242, 240, 232)
BLACK: Color = (26, 24, 28)


def draw_bird(p: Painter, color: Color) -> None:
    """A songbird seen from the side, looking to the right."""
    rng = p.rng
    for x in (-0.05, 0.14):
        p.stroke(np.array([(x, 0.4), (x + 0.04, 0.68), (x + 0.16, 0.7)]), (120, 80, 40), 0.06)
    tail = curve('-0.35,0.02 -0.72,-0.12 -1.02,-0.08 -1.0,0.14 -0.68,0.2 -0.3,0.3')
    p.fill(tail, mix(color, BLACK, 0.35))
    for y in (-0.02, 0.06):
        p.stroke(np.array([(-0.98, y + 0.02), (-0.5, y + 0.08)]), mix(color, BLACK, 0.6), 0.03)
    body = p.fill(
        curve('-0.52,0.0 -0.1,-0.3 0.35,-0.42 0.62,-0.1 0.45,0.3 0.02,0.46 -0.42,0.26'),
        color,
    )
    belly = vary(rng, (240, 214, 168))
    p.fill(ellipse(0.3, 0.22, 0.4, 0.3, -0.5), belly, within=body)
    p.volume(body, 0.5)
    p.fill(points('0.8,-0.5 1.06,-0.36 0.8,-0.3'), vary(rng, (240, 166, 40)))
    head = p.fill(ellipse(0.58, -0.4, 0.31, 0.29), color)
    p.fill(ellipse(0.72, -0.26, 0.17, 0.13), belly, within=head)
    p.volume(head, 0.5)
    p.fill(ellipse(0.66, -0.45, 0.095, 0.095), WHITE)
    p.fill(ellipse(0.68, -0.45, 0.06, 0.06), BLACK)
    wing = p.fill(
        curve('0.2,-0.12 -0.1,-0.18 -0.5,0.06 -0.68,0.28 -0.3,0.28 0.06,0.22'),
        mix(color, BLACK, 0.28),
    )
    for k in range(3):
        feather = curve((0.1 - 0.1 * k, 0.2), (-0.2 - 0.06 * k, 0.16 - 0.08 * k), (-0.62, 0.24 - 0.1 * k), closed=False)
        p.stroke(feather, mix(color, WHITE, 0.45), 0.035, within=wing)
    p.volume(wing, 0.4, 0.2)


def draw_butterfly(p: Painter, color: Color) -> None:
    """A butterfly from above, wings spread left and right, head up."""
    rng = p.rng
    rim = mix(color, BLACK, rng.uniform(0.6, 0.85))
    spot = vary(rng, WHITE if rng.random() < 0.6 else YELLOW)
    lower = mix(color, WHITE, 0.25) if rng.random() < 0.5 else mix(color, RED, 0.3)
    for side in (-1, 1):
        flip = np.array([side, 1.0])
        hind = curve('0.05,0.08 0.5,0.12 0.76,0.4 0.55,0.76 0.24,0.66') * flip
        fore = curve('0.05,-0.08 0.42,-0.6 0.9,-0.78 1.0,-0.4 0.78,0.06 0.35,0.16') * flip
        for outline, tone in ((hind, lower), (fore, color)):
            wing = p.fill(outline, rim)
            middle = outline.mean(0)
            p.fill(middle + (outline - middle) * 0.76 - (0.05 * side, 0), tone, within=wing)
            for end in (0.2, 0.5, 0.8):
                tip = outline[int(end * len(outline))]
                p.stroke(np.array([(0.06 * side, 0), tip]), rim, 0.025, within=wing, opacity=0.8)
            p.volume(wing, 0.35, 0.25)
        p.fill(ellipse(0.66 * side, -0.42, 0.12, 0.12), spot)
        p.fill(ellipse(0.66 * side, -0.42, 0.055, 0.055), BLACK)
        p.fill(ellipse(0.46 * side, 0.46, 0.085, 0.085), spot)
        feeler = curve((0.03 * side, -0.4), (0.12 * side, -0.7), (0.26 * side, -0.84), closed=False)
        p.stroke(feeler, BLACK, 0.05)
    body = p.fill(ellipse(0, 0.1, 0.1, 0.5), (58, 42, 34))
    for y in (0.1, 0.24, 0.38):
        p.stroke(np.array([(-0.1, y), (0.1, y)]), (150, 116, 70), 0.04, within=body)
    p.volume(body, 0.6, 0.15)
    p.fill(ellipse(0, -0.42, 0.12, 0.12), (44, 34, 30))


def draw_cactus(p: Painter, color: Color) -> None:
    """A cactus with arms in a pot, a flower on its top."""
    rng = p.rng
    arms = ((-1, rng.uniform(-0.05, 0.15)), (1, rng.uniform(-0.25, 0.0)))
    dark, pale = mix(color, BLACK, 0.3), mix(color, (236, 244, 180), 0.45)
    for side, y in arms[: rng.integers(1, 3)]:
        limb = np.array([(0, y + 0.12), (0.36, y + 0.12), (0.46, y), (0.48, y - 0.36)]) * (side, 1)
        arm = p.stroke(curve(*limb, closed=False), color, 0.24)
        p.fill(ellipse(0.48 * side, y - 0.38, 0.12, 0.12), color)
        p.volume(arm, 0.5, 0.18)
        for k in range(3):
            p.fill(ellipse(0.47 * side, y - 0.36 + 0.13 * k, 0.035, 0.035), pale)
    trunk = p.fill(
        curve('-0.27,0.5 -0.3,-0.2 -0.2,-0.66 0,-0.78 0.2,-0.66 0.3,-0.2 0.27,0.5'),
        color,
    )
    for x in (-0.17, 0, 0.17):
        p.stroke(curve((x * 0.5, -0.8), (x, -0.3), (x, 0.6), closed=False), dark, 0.045, within=trunk)
    p.volume(trunk, 0.55)
    for row in range(5):
        for x in (-0.19, -0.07, 0.07, 0.19):
            at = np.array((x * 1.1, -0.52 + 0.2 * row + (0.07 if abs(x) < 0.1 else 0)))
            p.stroke(np.stack([at - (0.035, 0.03), at + (0.035, 0.03)]), pale, 0.03, within=trunk)
            p.stroke(np.stack([at - (0.035, -0.03), at + (0.035, -0.03)]), pale, 0.03, within=trunk)
    clay = vary(rng, (190, 98, 62))
    pot = p.fill(points('-0.42,0.5 0.42,0.5 0.32,1.0 -0.32,1.0'), clay)
    p.volume(pot, 0.5)
    lip = p.fill(points('-0.5,0.42 0.5,0.42 0.48,0.6 -0.48,0.6'), mix(clay, WHITE, 0.15))
    p.volume(lip, 0.4, 0.12)
    bloom = vary(rng, PINK)
    for turn in np.linspace(-2.7, -0.45, 5):
        p.fill(ellipse(0.15 * np.cos(turn), -0.8 + 0.15 * np.sin(turn), 0.13, 0.075, turn), bloom)
    p.fill(ellipse(0, -0.82, 0.08, 0.07), YELLOW)


def draw_car(p: Painter, color: Color) -> None:
    """A small car from the side, driving to the right."""
    rng = p.rng
    cabin = p.fill(curve('-0.72,-0.02 -0.55,-0.4 -0.2,-0.52 0.2,-0.48 0.5,-0.05 0.0,0.05'), color)
    p.volume(cabin, 0.4, 0.2)
    glass = vary(rng, (176, 212, 228), 8)
    panes = (
        points('-0.55,-0.06 -0.43,-0.34 -0.12,-0.4 -0.12,-0.06'),
        points('-0.04,-0.06 -0.04,-0.4 0.16,-0.38 0.36,-0.06'),
    )
    for pane in panes:
        window = p.fill(pane, glass)
        p.stroke(np.stack([pane[0] + (0.1, 0), pane[1] + (0.22, -0.1)]), WHITE, 0.07, within=window, opacity=0.6)
    body = p.fill(
        curve('-0.98,0.22 -0.95,-0.02 -0.6,-0.1 0.0,-0.08 0.5,-0.1 0.88,0.0 1.0,0.24 0.9,0.38 0.0,0.4 -0.9,0.38'),
        color,
    )
    p.volume(body, 0.5, 0.25)
    p.stroke(points('-0.95,0.24 0.97,0.24'), mix(color, BLACK, 0.45), 0.05, within=body)
    if rng.random() < 0.4:
        p.stroke(points('-0.98,0.13 0.98,0.13'), mix(color, WHITE, 0.8), 0.07, within=body)
    p.stroke(points('-0.08,-0.06 -0.08,0.36'), mix(color, BLACK, 0.45), 0.03, within=body)
    p.stroke(points('0.0,0.06 0.12,0.06'), mix(color, BLACK, 0.6), 0.05, within=body)
    p.fill(ellipse(0.88, 0.1, 0.09, 0.08), (255, 240, 160))
    p.fill(ellipse(-0.93, 0.1, 0.05, 0.08), (170, 20, 24))
    turn = rng.uniform(0, 1)
    for x in (-0.55, 0.55):
        tyre = p.fill(ellipse(x, 0.38, 0.26, 0.26), (36, 35, 40))
        p.volume(tyre, 0.4, 0.15)
        p.fill(ellipse(x, 0.38, 0.15, 0.15), (196, 198, 204))
        for k in range(3):
            spoke = rotate([(-0.14, 0), (0.14, 0)], turn + k * np.pi / 3) + (x, 0.38)
            p.stroke(spoke, (96, 98, 106), 0.04)
        p.fill(ellipse(x, 0.38, 0.05, 0.05), (60, 60, 66))


def draw_fish(p: Painter, color: Color) -> None:
    """A reef fish from the side, swimming to the right; banded or scaled."""
    rng = p.rng
    fin = mix(color, YELLOW if rng.random() < 0.5 else BLACK, 0.3)
    tail = p.fill(curve('-0.5,0.0 -0.82,-0.4 -1.02,-0.42 -0.88,0.0 -1.02,0.42 -0.82,0.4'), fin)
    for y in (-0.3, -0.15, 0.15, 0.3):
        p.stroke(np.array([(-0.55, y * 0.2), (-1.0, y)]), mix(fin, BLACK, 0.35), 0.025, within=tail)
    p.fill(curve('-0.4,-0.26 -0.26,-0.56 0.14,-0.62 0.4,-0.34 0.0,-0.25'), fin)
    p.fill(curve('-0.3,0.26 -0.34,0.54 -0.1,0.48 0.06,0.3'), fin)
    body = p.fill(
        curve('-0.62,0.0 -0.3,-0.3 0.2,-0.42 0.7,-0.28 0.98,0.02 0.7,0.28 0.2,0.4 -0.3,0.28'),
        color,
    )
    if rng.random() < 0.55:
        band = vary(rng, WHITE)
        for x in (-0.3, 0.08):
            stripe = curve((x, -0.6), (x + 0.09, 0.0), (x, 0.6), closed=False)
            p.stroke(stripe, mix(color, BLACK, 0.75), 0.21, within=body)
            p.stroke(stripe, band, 0.14, within=body)
    else:
        for column in range(6):
            for row in range(-2, 3):
                at = (-0.44 + 0.15 * column, 0.15 * row + 0.07 * (column % 2))
                arc = ellipse(*at, 0.09, 0.09)[28:52] if column else ellipse(*at, 0.09, 0.09)
                p.stroke(arc, mix(color, BLACK, 0.4), 0.03, within=body)
    p.fill(ellipse(0.2, 0.34, 0.6, 0.12), mix(color, WHITE, 0.6), within=body, opacity=0.6)
    p.stroke(ellipse(0.3, 0, 0.18, 0.3)[[-6, -4, -2, 0, 2, 4, 6]], mix(color, BLACK, 0.5), 0.045, within=body)
    p.volume(body, 0.55)
    p.fill(curve('0.26,0.06 0.02,0.06 -0.1,0.22 0.12,0.26'), mix(fin, WHITE, 0.25))
    p.fill(ellipse(0.68, -0.09, 0.13, 0.13), WHITE)
    p.fill(ellipse(0.71, -0.09, 0.075, 0.075), BLACK)
    p.stroke(curve('0.97,0.06 0.87,0.1 0.8,0.09', closed=False), mix(color, BLACK, 0.7), 0.045, within=body)


def draw_flower(p: Painter, color: Color) -> None:
    """A flower on a short stem with two leaves; the head fills the upper part."""
    rng = p.rng
    green = vary(rng, (84, 146, 60))
    p.stroke(curve('0,-0.2 0.05,0.4 0,0.98', closed=False), mix(green, BLACK, 0.15), 0.13)
    for side in (-1, 1):
        top = rng.uniform(0.3, 0.5)
        blade = curve((0, 0.82), (0.22 * side, top + 0.1), (0.66 * side, top), (0.42 * side, 0.72))
        leaf = p.fill(blade, green)
        p.stroke(np.array([(0, 0.82), (0.6 * side, top + 0.04)]), mix(green, WHITE, 0.35), 0.035, within=leaf)
        p.volume(leaf, 0.5, 0.2)
    count = int(rng.integers(6, 10))
    start = rng.uniform(0, np.pi)
    width = 1.9 / count
    for ring, tone in ((0, mix(color, BLACK, 0.12)), (0.5, color)):
        for k in range(count):
            turn = start + 2 * np.pi * (k + ring) / count
            petal = curve(
                (0.1, 0),
                (0.34, -width * 0.42),
                (0.58 - 0.08 * ring, -width * 0.25),
                (0.64 - 0.08 * ring, 0),
                (0.58 - 0.08 * ring, width * 0.25),
                (0.34, width * 0.42),
            )
            part = p.fill(rotate(petal, turn) + (0, -0.34), tone)
            vein = rotate([(0.15, 0), (0.5, 0)], turn) + (0, -0.34)
            p.stroke(vein, mix(tone, BLACK, 0.28), 0.03, within=part)
    disc = p.fill(ellipse(0, -0.34, 0.23, 0.23), vary(rng, (226, 166, 36)))
    p.volume(disc, 0.6, 0.2)
    for k in range(16):
        radius, turn = 0.19 * np.sqrt((k + 0.5) / 16), 2.4 * k
        at = (radius * np.cos(turn), -0.34 + radius * np.sin(turn))
        p.fill(ellipse(*at, 0.03, 0.03), (120, 70, 24))


def draw_ladybird(p: Painter, color: Color) -> None:
    """A ladybird from above, head up: dotted shell, black head with white cheeks, six legs."""
    rng = p.rng
    for side in (-1, 1):
        for y, lift in ((-0.3, -0.24), (0.1, 0.0), (0.45, 0.24)):
            leg = np.array([(0.5 * side, y), (0.78 * side, y + lift * 0.6), (0.92 * side, y + lift + 0.1)])
            p.stroke(leg, BLACK, 0.075)
        p.stroke(curve((0.1 * side, -0.8), (0.2 * side, -0.98), (0.36 * side, -1.02), closed=False), BLACK, 0.05)
    head = p.fill(ellipse(0, -0.7, 0.34, 0.27), BLACK)
    p.volume(head, 0.5, 0.2)
    collar = p.fill(ellipse(0, -0.52, 0.5, 0.24), (34, 30, 34))
    for side in (-1, 1):
        p.fill(ellipse(0.34 * side, -0.56, 0.12, 0.1), WHITE, within=collar)
        p.fill(ellipse(0.15 * side, -0.8, 0.06, 0.06), WHITE)
    shell = p.fill(curve('0,-0.54 0.48,-0.42 0.72,0.1 0.5,0.7 0,0.94 -0.5,0.7 -0.72,0.1 -0.48,-0.42'), color)
    p.stroke(points('0,-0.54 0,0.95'), BLACK, 0.05, within=shell)
    p.fill(ellipse(0, -0.5, 0.17, 0.13), BLACK, within=shell)
    layouts = (
        ((0.3, -0.15), (0.42, 0.28), (0.22, 0.62)),
        ((0.34, 0.0), (0.3, 0.48)),
        ((0.26, -0.2), (0.48, 0.1), (0.22, 0.24), (0.38, 0.55)),
    )
    dots, size = layouts[rng.integers(len(layouts))], rng.uniform(0.11, 0.15)
    for side in (-1, 1):
        for x, y in dots:
            p.fill(ellipse(x * side, y, size, size * 1.1), BLACK, within=shell)
    p.volume(shell, 0.65, 0.45)
    p.fill(ellipse(-0.22, -0.22, 0.12, 0.07, -0.6), WHITE, within=shell, opacity=0.35)


def draw_mushroom(p: Painter, color: Color) -> None:
    """A mushroom from the side: thick stem with a ring, gills, spotted cap."""
    rng = p.rng
    cream = vary(rng, (232, 218, 190), 8)
    bulge = rng.uniform(0.3, 0.42)
    stem = p.fill(
        curve((-0.2, -0.1), (-0.22, 0.4), (-bulge, 0.86), (0, 1.0), (bulge, 0.86), (0.22, 0.4), (0.2, -0.1)), cream
    )
    for x in (-0.12, 0.0, 0.12):
        p.stroke(np.array([(x, 0.1), (x * 1.6, 0.95)]), mix(cream, BROWN, 0.4), 0.025, within=stem)
    p.volume(stem, 0.6)
    p.fill(curve('-0.22,0.22 0,0.17 0.22,0.22 0.34,0.38 0.1,0.35 -0.1,0.37 -0.34,0.38'), mix(cream, WHITE, 0.5))
    gills = p.fill(ellipse(0, -0.06, 0.84, 0.2), mix(cream, BROWN, 0.35))
    for x in np.linspace(-0.8, 0.8, 13):
        p.stroke(np.array([(x * 0.3, -0.2), (x, 0.2)]), mix(cream, BROWN, 0.75), 0.025, within=gills)
    top = rng.uniform(-0.98, -0.82)
    cap = p.fill(
        curve(
            (-0.98, -0.1),
            (-0.86, -0.5),
            (-0.45, top * 0.92),
            (0, top),
            (0.45, top * 0.92),
            (0.86, -0.5),
            (0.98, -0.1),
            (0.5, -0.02),
            (0, 0.02),
            (-0.5, -0.02),
        ),
        color,
    )
    for x, y, size in (
        (-0.6, -0.3, 0.13),
        (-0.2, -0.62, 0.14),
        (0.12, -0.25, 0.15),
        (0.45, -0.58, 0.11),
        (0.7, -0.24, 0.1),
        (-0.28, -0.16, 0.08),
    ):
        at = np.array((x, y)) + rng.normal(0, 0.03, 2)
        p.fill(ellipse(*at, size, size * 0.8), WHITE, within=cap)
    p.volume(cap, 0.6, 0.4)


class ShapeClass(NamedTuple):
    """How objects of a class are drawn.

    Attributes:
        draw: Draws the parts.
        colors: Body colours to choose from.
        tilt: Largest rotation from upright, radians (pi: any).
        scale: Length relative to the length asked for, so that the classes look alike in area.
    """

    draw: Callable[[Painter, Color], None]
    colors: tuple[Color, ...]
    tilt: float
    scale: float


SHAPES: dict[str, ShapeClass] = {
    'bird': ShapeClass(draw_bird, (BLUE, RED, TEAL, BROWN, YELLOW), 0.35, 1.1),
    'butterfly': ShapeClass(draw_butterfly, (ORANGE, BLUE, VIOLET, YELLOW), np.pi, 1.0),
    'cactus': ShapeClass(draw_cactus, (GREEN, (96, 150, 84), (60, 124, 92)), 0.2, 1.1),
    'car': ShapeClass(draw_car, (RED, BLUE, YELLOW, TEAL, WHITE), 0.2, 1.1),
    'fish': ShapeClass(draw_fish, (ORANGE, BLUE, YELLOW, TEAL, VIOLET), 0.8, 1.1),
    'flower': ShapeClass(draw_flower, (PINK, VIOLET, YELLOW, WHITE, RED), 0.5, 1.05),
    'ladybird': ShapeClass(draw_ladybird, (RED, ORANGE, YELLOW), np.pi, 0.85),
    'mushroom': ShapeClass(draw_mushroom, (RED, BROWN, ORANGE, VIOLET), 0.3, 0.9),
}
DEMO_CLASSES: tuple[str, ...] = tuple(SHAPES)


def body_color(rng: np.random.Generator, name: str) -> Color:
    """One of the body colours of class `name`."""
    colors = SHAPES[name].colors
    return colors[rng.integers(len(colors))]


def draw_object(rng: np.random.Generator, name: str, length: float, color: Color) -> Sprite:
    """Draw an object of class `name`.

    Args:
        rng: Source of pose, variation and texture.
        name: One of `DEMO_CLASSES`.
        length: Length in photo pixels, about 30 to 90.
        color: Body colour; it is varied a little.

    Returns:
        The object as a sprite, turned and mirrored at random as its class allows.
    """
    shape = SHAPES[name]
    painter = Painter(
        rng,
        length=length * shape.scale,
        angle=float(rng.uniform(-shape.tilt, shape.tilt)),
        mirror=bool(rng.random() < 0.5),
    )
    shape.draw(painter, vary(rng, color))
    return painter.sprite()
