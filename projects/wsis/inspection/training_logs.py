"""The logs that mmengine's trainings leave (``scalars.json``): curves of any scalar, and the time of an iteration."""

import json
import math
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..structures import read_text

SCALARS = '*/vis_data/scalars.json'
# of a line, what is no scalar to draw
COUNTERS = ('iter', 'step', 'epoch')
LARGEST = sys.float_info.max


@dataclass
class TrainingLog:
    """What the log of a training holds.

    Attributes:
        source: The file or folder that was named.
        scalars: By name, value by iteration (from 1). Metrics of a validation are placed at the iteration it followed.
        epochs: Epoch (from 1) by iteration; empty where the training counted iterations only.
    """

    source: str
    scalars: dict[str, dict[int, float]]
    epochs: dict[int, int] = field(default_factory=dict)

    def curve(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the iterations ``(N,)`` and the values ``(N,)`` of a scalar.

        Args:
            name: As in the log (``multi_label/mAP``), or what stands behind the slash, where one scalar ends so.

        Raises:
            ValueError: If there is none, or several; the message lists what there is.
        """
        found = [name] if name in self.scalars else [key for key in self.scalars if key.endswith(f'/{name}')]
        if len(found) != 1:
            what = 'has no scalar' if not found else f'has {" and ".join(found)} for'
            raise ValueError(f'{self.source} {what} {name!r}; it has: {", ".join(sorted(self.scalars))}')
        points = sorted(self.scalars[found[0]].items())
        return np.array([step for step, _ in points]), np.array([value for _, value in points])


def read_training_log(path: str | Path) -> TrainingLog:
    """Read the log of a training.

    Args:
        path: A ``scalars.json``, or the work dir of a training: the runs in it, of a training that was resumed, are
            joined, and where two have the same iteration the later one counts.

    Raises:
        FileNotFoundError: If there is no log.
        ValueError: If a file is no such log; one line.
    """
    path = Path(path)
    files = sorted(path.glob(SCALARS)) if path.is_dir() else [path]
    if path.is_dir() and not files:
        raise FileNotFoundError(f'{path} holds no log of a training ({SCALARS}): name its work dir, or a scalars.json')
    log = TrainingLog(str(path), defaultdict(dict))
    for file in files:
        _add_file(log, file)
    if not log.scalars:
        raise ValueError(f'{path} is no log of a training: no line of it holds a number beside `step`')
    return log


def _add_file(log: TrainingLog, file: Path) -> None:
    iterations: dict[int, int] = {}  # last iteration by epoch
    content = read_text(file)
    lines = content.splitlines()
    if lines and not content.endswith('\n') and lines[-1][-1:] != '}':  # half-written by a process that was killed
        lines.pop()
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        line = _read_line(file, number, text)
        if 'iter' in line:
            step = line['iter']
            if 'epoch' in line:
                log.epochs[step] = line['epoch']
                iterations[line['epoch']] = step
        else:  # a validation counts epochs where the training does
            step = iterations.get(line['step'], line['step'])
            line.pop('time', None), line.pop('data_time', None)
        for name, value in line.items():
            if name not in COUNTERS and _can_be_drawn(value):
                log.scalars[name][step] = float(value)


def _can_be_drawn(value: Any) -> bool:
    """Return whether a value of a log can be drawn; NaN, which a diverged training logs, can."""
    return isinstance(value, (int, float)) and (value != value or abs(value) <= LARGEST or abs(value) == math.inf)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and abs(value) < 2**53


def _read_line(file: Path, number: int, text: str) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        line = None
    counted = isinstance(line, dict) and 'step' in line and all(_is_count(line.get(name, 0)) for name in COUNTERS)
    if not counted:
        raise ValueError(f'{file}, line {number} is none of a log of mmengine ({{"loss": ..., "step": ...}})')
    return line


@dataclass(frozen=True)
class TrainingTime:
    """How long the iterations of a training took, in seconds.

    Attributes:
        mean: Of an iteration.
        deviation: Standard deviation of the means of the epochs; None without epochs.
        slowest: Epoch whose mean is the longest, and this mean; None without epochs.
        fastest: The same of the shortest.
        total: All iterations that the log speaks of.
    """

    mean: float
    total: float
    deviation: float | None = None
    slowest: tuple[int, float] | None = None
    fastest: tuple[int, float] | None = None


def measure_time(log: TrainingLog, include_outliers: bool = False) -> TrainingTime:
    """Compute how long the iterations of a training took.

    Args:
        log: The log.
        include_outliers: Whether the first line of the log, which holds the start of the workers, counts too.

    Raises:
        ValueError: If the log has no ``time``.
    """
    steps, times = log.curve('time')
    total = float(np.sum(times * np.diff(steps, prepend=0)))
    if not include_outliers and len(steps) > 1:
        steps, times = steps[1:], times[1:]
    by_epoch = defaultdict(list)
    for step, value in zip(steps.tolist(), times):
        if step in log.epochs:
            by_epoch[log.epochs[step]].append(value)
    if not by_epoch:
        return TrainingTime(float(times.mean()), total)
    means = {epoch: float(np.mean(values)) for epoch, values in by_epoch.items()}
    slowest, fastest = max(means, key=means.get), min(means, key=means.get)
    return TrainingTime(
        float(times.mean()),
        total,
        float(np.std(list(means.values()))),
        (slowest, means[slowest]),
        (fastest, means[fastest]),
    )
