"""Things on the ground that belong to no class: twigs, stones, fallen leaves and buttons.

Buttons and leaves have the objects' body colours, so that colour alone tells no class.
"""

import numpy as np

from .painter import Color, Painter, Sprite, curve, ellipse, mix, points, rotate, vary
from .shapes import BLUE, BROWN, ORANGE, RED, TEAL, VIOLET, WHITE, YELLOW


def draw_twig(p: Painter) -> None:
    """A bent stick with a side branch."""
    color = vary(p.rng, (112, 84, 58))
    bend = p.rng.normal(0, 0.15, 4)
    knots = list(zip(np.linspace(-1, 1, 4), bend))
    p.stroke(curve(*knots, closed=False), color, 0.1)
    fork = points('0,0 0.4,0.3') if p.rng.random() < 0.5 else points('0,0 0.35,-0.32')
    p.stroke(fork + knots[1], color, 0.07)
    p.stroke(curve(*knots, closed=False) - (0.02, 0.03), mix(color, WHITE, 0.3), 0.03)


def draw_stone(p: Painter) -> None:
    """A smooth grey stone."""
    turn = np.linspace(0, 2 * np.pi, 7, endpoint=False)
    radius = p.rng.uniform(0.6, 0.95, 7)
    outline = curve(*zip(radius * np.cos(turn), 0.75 * radius * np.sin(turn)))
    tone = p.rng.uniform(120, 180)
    stone = p.fill(outline, vary(p.rng, (tone, tone, tone)))
    p.volume(stone, 0.7, 0.5)


def draw_fallen_leaf(p: Painter) -> None:
    """A plain leaf with veins, in autumn colours."""
    choice = ((176, 120, 52), (188, 84, 44), (150, 140, 60), (110, 130, 62))
    color: Color = vary(p.rng, choice[p.rng.integers(4)])
    dark = mix(color, BROWN, 0.6)
    p.stroke(points('-1,0.05 -0.6,0'), dark, 0.08)
    leaf = p.fill(curve('-0.7,0 -0.3,-0.36 0.3,-0.32 0.9,0 0.3,0.34 -0.3,0.38'), color)
    p.stroke(points('-0.7,0 0.85,0'), dark, 0.05, within=leaf)
    for x in (-0.35, 0.0, 0.35):
        for side in (-1, 1):
            p.stroke(np.array([(x, 0), (x + 0.25, 0.3 * side)]), dark, 0.03, within=leaf)
    p.volume(leaf, 0.4)


def draw_button(p: Painter) -> None:
    """A round button with holes."""
    colors = (RED, ORANGE, YELLOW, BLUE, TEAL, VIOLET, WHITE)
    color = mix(vary(p.rng, colors[p.rng.integers(len(colors))]), (150, 140, 125), 0.25)
    disc = p.fill(ellipse(0, 0, 0.8, 0.8), color)
    p.fill(ellipse(0, 0, 0.6, 0.6), mix(color, BROWN, 0.2), within=disc)
    p.volume(disc, 0.5, 0.25)
    for turn in np.arange(4) * np.pi / 2:
        p.fill(rotate(ellipse(0.2, 0.2, 0.09, 0.09), turn), mix(color, (30, 26, 24), 0.8))


# Each kind with its range of lengths in pixels.
CLUTTER = (
    (draw_twig, (26, 60)),
    (draw_stone, (14, 30)),
    (draw_fallen_leaf, (18, 34)),
    (draw_button, (11, 17)),
)


def draw_clutter(rng: np.random.Generator, zoom: float) -> Sprite:
    """Draw one thing of no class.

    Args:
        rng: Source of kind, pose and colour.
        zoom: Factor on its length.
    """
    draw, (shortest, longest) = CLUTTER[rng.integers(len(CLUTTER))]
    length = float(rng.uniform(shortest, longest)) * zoom
    painter = Painter(rng, length=length, angle=float(rng.uniform(-np.pi, np.pi)), mirror=False)
    draw(painter)
    return painter.sprite(grain=0.07)
