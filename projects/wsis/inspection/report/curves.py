"""Loss curves of the trainings of a run, drawn from the scalars that mmengine writes."""

import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...visualization import distinct_colors
from ..training_logs import SCALARS, is_number

TOTAL = 'loss'
WIDTH, HEIGHT = 5.2, 3.3  # inches of 72 points
# stand for colours of the page, which differ between light and dark; no curve has them
TEXT_COLOR, LINE_COLOR, TOTAL_COLOR = '#010203', '#040506', '#070809'
PAGE_COLORS = {TEXT_COLOR: 'var(--soft)', LINE_COLOR: 'var(--line)', TOTAL_COLOR: 'var(--text)'}

Losses = dict[str, tuple[list[float], list[float]]]


def read_losses(folder: Path) -> Losses:
    """Read the losses that a training has logged, those of a resumed one in all its parts.

    Args:
        folder: Work dir of the training.

    Returns:
        By name the steps (iterations) and the values; the total, ``loss``, first. Empty where nothing was logged.
    """
    by_step: dict[float, dict[str, float]] = {}
    for path in sorted(folder.glob(SCALARS)):  # named by the time when each part began
        for line in path.read_text(encoding='utf-8', errors='replace').splitlines():
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):  # the last line of a process that was killed
                continue
            if not isinstance(entry, dict) or not is_number(entry.get('step')):
                continue
            losses = {name: value for name, value in entry.items() if TOTAL in name and is_number(value)}
            if losses:
                by_step.setdefault(entry['step'], {}).update(losses)
    curves: Losses = {}
    for step in sorted(by_step):
        for name, value in by_step[step].items():
            steps, values = curves.setdefault(name, ([], []))
            steps.append(step)
            values.append(value)
    return dict(sorted(curves.items(), key=lambda curve: curve[0] != TOTAL))


def draw_losses(curves: Losses, name: str) -> str:
    """Draw the losses of a training.

    Args:
        curves: As of :func:`read_losses`, not empty.
        name: Of the stage: what tells this picture from the others of the page.

    Returns:
        An ``<svg>`` element whose colours and fonts are those of the page.
    """
    settings = {'svg.fonttype': 'none', 'svg.hashsalt': name, 'font.size': 10, 'text.parse_math': False}
    buffer = io.StringIO()
    with rc_context(settings):
        figure = Figure((WIDTH, HEIGHT), layout='constrained')
        axes = figure.add_subplot()
        _draw_curves(axes, curves)
        figure.legend(loc='outside lower left', ncols=2, frameon=False, labelcolor=TEXT_COLOR, fontsize=8.5)
        figure.savefig(buffer, format='svg', transparent=True, metadata=dict(Date=None, Creator=None))
    return _fit_into_page(buffer.getvalue(), f'Losses of {name}')


def _draw_curves(axes: Axes, curves: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> None:
    parts = [name for name in curves if name != TOTAL]
    if TOTAL in curves and len(parts) == 1:  # it is the same curve
        curves, parts = {TOTAL: curves[TOTAL]}, []
    colors = dict(zip(parts, distinct_colors(len(parts)) / 255))
    for name, (steps, values) in curves.items():
        is_total = name == TOTAL
        look = dict(color=TOTAL_COLOR, linewidth=2) if is_total else dict(color=colors[name], linewidth=1.1)
        # a curve of one point would be invisible
        axes.plot(steps, values, label=name, marker='o' if len(steps) == 1 else None, markersize=4, **look)
    axes.set_xlabel('iterations', color=TEXT_COLOR)
    axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
    axes.tick_params(colors=TEXT_COLOR, length=0)
    axes.grid(axis='y', color=LINE_COLOR, linewidth=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == 'bottom')
        spine.set_color(LINE_COLOR)


def _fit_into_page(svg: str, title: str) -> str:
    """Cut the head of a file off, leave out ids that several pictures of a page would share, and name the picture."""
    svg = svg[svg.index('<svg') :]
    svg = re.sub(r'<(metadata|style).*?</\1>', '', svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', '<g', svg)
    svg = re.sub(r'font: ([\d.]+)px [^;"]*', r'font-size: \1px', svg)  # as matplotlib before 3.10 writes it
    svg = re.sub(r'font-family: [^;"]*;? ?', '', svg)
    for color, variable in PAGE_COLORS.items():
        svg = svg.replace(color, variable)
    label = title.replace('&', '&amp;').replace('<', '&lt;').replace('"', '&quot;')
    return re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', rf'<svg viewBox="\1" role="img" aria-label="{label}">', svg)
