"""Drawing the curves of training logs with matplotlib."""

from collections.abc import Sequence
from pathlib import Path

from ..apis.display import check_display
from ..structures import report_unwritable, write_atomically
from .training_logs import TrainingLog

ENDINGS = ('.png', '.pdf', '.svg')
FEW_POINTS = 50  # a curve of no more is drawn with a mark at each


def plot_curves(
    logs: Sequence[TrainingLog],
    names: Sequence[str],
    out: str | Path | None = None,
    legend: Sequence[str] | None = None,
    title: str | None = None,
) -> None:
    """Draw scalars of trainings over the iterations.

    Args:
        logs: Each gives a curve a name.
        names: Scalars, see :meth:`TrainingLog.curve`.
        out: PNG, PDF or SVG file to write, atomically; None shows a window.
        legend: A text for each curve, all of the first log first; by default where the log lies and the scalar.
        title: Of the picture.

    Raises:
        ValueError: If a log has no such scalar, the legend has another length, or there is no display; one line.
    """
    if legend is None:
        legend = [f'{log.source} {name}' if len(logs) > 1 else name for log in logs for name in names]
    if len(legend) != len(logs) * len(names):
        raise ValueError(
            f'--legend needs {len(logs) * len(names)} texts ({len(logs)} logs, {len(names)} keys), not {len(legend)}'
        )
    if out is not None and Path(out).suffix.lower() not in ENDINGS:
        raise ValueError(f'{out} is no picture: give a name that ends in {", ".join(ENDINGS)}')
    curves = [log.curve(name) for log in logs for name in names]
    if out is None:
        check_display()
        from matplotlib import pyplot  # here, as it takes long to import and chooses a window system

        figure = pyplot.figure(figsize=(8, 5), layout='constrained')
    else:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(8, 5), layout='constrained')
    axes = figure.subplots()
    for text, (steps, values) in zip(legend, curves):
        axes.plot(
            steps, values, label=text, linewidth=1.2, marker='o' if len(steps) <= FEW_POINTS else None, markersize=3
        )
    axes.set_xlabel('iteration')
    axes.grid(alpha=0.3)
    axes.legend()
    if title:
        axes.set_title(title)
    if out is None:
        pyplot.show()
        return
    with report_unwritable(out):
        write_atomically(out, lambda file: figure.savefig(file, format=Path(out).suffix[1:].lower(), dpi=150))
