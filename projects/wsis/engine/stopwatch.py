"""A stopwatch that gives all of its time to named parts."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch


class Stopwatch:
    """Counts the seconds of parts, one of which always runs, so that they sum up to all of the time.

    Parts can be nested: while an inner one runs, the outer one stands still.

    Args:
        parts: Names of the parts.
        first: The part that runs from now on.
        on_gpu: Whether to wait for the GPU at each change, as its work would else count where its result is needed.
        clock: Returns the time in seconds.
    """

    def __init__(
        self, parts: Sequence[str], first: str, on_gpu: bool = False, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.seconds = dict.fromkeys(parts, 0.0)
        self.on_gpu = on_gpu
        self.clock = clock
        self._running = [first]
        self._changed = clock()

    @property
    def depth(self) -> int:
        """How many parts are open, the inner one among them."""
        return len(self._running)

    @property
    def running(self) -> str:
        """The part that runs."""
        return self._running[-1]

    def count(self) -> None:
        """Add the time since the last change to the part that runs."""
        if self.on_gpu:
            torch.cuda.synchronize()
        now = self.clock()
        self.seconds[self.running] += now - self._changed
        self._changed = now

    def turn_to(self, part: str) -> None:
        """Let another part run in the place of this one."""
        self.count()
        self._running[-1] = part

    def open(self, part: str) -> None:
        """Let an inner part run."""
        self.count()
        self._running.append(part)

    def close(self) -> None:
        """End the inner part; the outer one goes on."""
        self.count()
        self._running.pop()

    @contextmanager
    def measure(self, part: str) -> Iterator[None]:
        """Let an inner part run within a ``with``."""
        self.open(part)
        try:
            yield
        finally:
            self.close()
