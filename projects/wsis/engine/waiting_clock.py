"""A clock for how long a run waits for data, as torch's own timeout does not do.

With a timeout torch looks only after it whether a worker was killed, not every five seconds. And a worker sends a batch
as a name, under which its process hands over the memory: for one that stands still altogether (stopped, or with its
container frozen) torch waits without a limit.
"""

import multiprocessing
import threading
import time
from collections.abc import Callable
from typing import Any

from torch.utils.data import DataLoader

SECONDS_BETWEEN_LOOKS = 1
# what torch and multiprocessing raise where a worker is lost, and others too
ERRORS_OF_LOST_WORKERS = (RuntimeError, OSError, EOFError)


class WaitingClock:
    """Kills the workers once a run has waited for a batch too long, so that the waiting ends with an error.

    Args:
        limit: Seconds.
        on_error: Called as soon as a batch could not be got.

    Attributes:
        has_killed: Whether it has.
    """

    def __init__(self, limit: float, on_error: Callable[[], None]) -> None:
        self.limit = limit
        self.on_error = on_error
        self.has_killed = False
        self._since: float | None = None
        self._thread: threading.Thread | None = None

    def watch(self, loader: DataLoader) -> None:
        """Watch the waiting for batches of a dataloader."""
        make = loader._get_iterator

        def make_watched() -> Any:
            iterator = make()
            if hasattr(iterator, '_get_data'):
                iterator._get_data = self._time(iterator._get_data)
            return iterator

        loader._get_iterator = make_watched

    def _time(self, get: Any) -> Any:
        def timed(*arguments: Any, **settings: Any) -> Any:
            self._begin()
            try:
                return get(*arguments, **settings)
            except ERRORS_OF_LOST_WORKERS:
                self.on_error()
                raise
            finally:
                self._since = None

        return timed

    def _begin(self) -> None:
        self._since = time.monotonic()
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._look, daemon=True)
            self._thread.start()

    def _look(self) -> None:
        while not self.has_killed:
            time.sleep(SECONDS_BETWEEN_LOOKS)
            since = self._since
            if since is not None and time.monotonic() - since > self.limit:
                self.has_killed = True
                for worker in multiprocessing.active_children():
                    worker.kill()
