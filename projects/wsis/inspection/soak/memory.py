"""Watching the memory and the pace of a test."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from mmengine.hooks import Hook
from mmengine.runner import Runner
from tqdm import tqdm

STATUS = Path('/proc/self/statm')
WARM_UP = 0.2  # of the photos: caches and allocators fill first
SAMPLES = 100


def read_memory() -> float:
    """Return the resident memory of this process in MB.

    Raises:
        ValueError: Where the system does not tell it (only Linux does so in a file).
    """
    if not STATUS.is_file():
        raise ValueError(f'the memory of this process is read from {STATUS}, which only Linux has: measure on Linux')
    return int(STATUS.read_text().split()[1]) * os.sysconf('SC_PAGE_SIZE') / 1e6


@dataclass
class Curve:
    """Memory and time over the photos of a test.

    Attributes:
        photos: How many were done at each sample.
        megabytes: Resident memory.
        seconds: Since the test was asked for, so that the first sample holds the time of the start-up.
        cpu_seconds: What this process has calculated, whatever else runs on the machine.
    """

    photos: list[int] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)

    def _after_warm_up(self) -> slice:
        first = next(index for index, done in enumerate(self.photos) if done >= WARM_UP * self.photos[-1])
        return slice(min(first, max(0, len(self.photos) - 2)), None)

    def growth(self) -> float:
        """Return how many MB the memory grows by in 1,000 photos: the slope of a line through all after the warm-up."""
        part = self._after_warm_up()
        # by centred values: a memory that stays the same has a slope of exactly 0 on every CPU
        photos, megabytes = (
            np.subtract(values[part], np.mean(values[part])) for values in (self.photos, self.megabytes)
        )
        return 1000 * float((photos * megabytes).sum() / (photos**2).sum())

    def pace(self, begin: float = WARM_UP, end: float = 1.0) -> float:
        """Return the photos per second between two shares of the photos."""
        return self._count_per_second(self.seconds, begin, end)

    def cpu_pace(self, begin: float, end: float) -> float:
        """Return the photos per second of calculation between two shares of the photos."""
        return self._count_per_second(self.cpu_seconds, begin, end)

    def _count_per_second(self, clock: list[float], begin: float, end: float) -> float:
        total = self.photos[-1]
        chosen = [index for index, done in enumerate(self.photos) if begin * total <= done <= end * total]
        first, last = chosen[0], chosen[-1]
        return (self.photos[last] - self.photos[first]) / (clock[last] - clock[first])


class MemoryHook(Hook):
    """Fills a :class:`Curve` while a Runner tests, and moves a bar.

    Args:
        began: When the test was asked for, by ``time.perf_counter``.
    """

    def __init__(self, began: float) -> None:
        self.began = began
        self.curve, self.done = Curve(), 0
        self.bar: tqdm | None = None

    def before_test_epoch(self, runner: Runner) -> None:
        """Begin the bar."""
        total = len(runner.test_loop.dataloader.dataset)
        self.every = max(1, total // SAMPLES)
        self.bar = tqdm(total=total, unit='photo', disable=None)

    def after_test_iter(self, runner: Runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Count the photos of a batch, and take a sample now and then."""
        self.bar.update(len(outputs))
        before, self.done = self.done, self.done + len(outputs)
        if before == 0 or before // self.every != self.done // self.every:
            self.curve.photos.append(self.done)
            self.curve.megabytes.append(read_memory())
            self.curve.seconds.append(time.perf_counter() - self.began)
            self.curve.cpu_seconds.append(time.process_time())

    def after_test_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """End the bar."""
        self.bar.close()
