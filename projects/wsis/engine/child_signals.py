"""The signal that a child process has ended, with which torch raises an error wherever the main thread is."""

import signal
import threading
from typing import Any


class ChildSignals:
    """Puts torch's handler of the signal off once an error is on its way, and back in the end.

    A worker that was killed is told of twice: by its lost connection, and by this signal, which may come later, while
    the first error is being handled.
    """

    def __init__(self) -> None:
        self._handler: Any = None

    def put_off(self) -> None:
        """Hear of no child from now on; only the main thread of a process hears of them at all."""
        is_main = threading.current_thread() is threading.main_thread()
        if self._handler is None and is_main and hasattr(signal, 'SIGCHLD'):
            self._handler = signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    def put_back(self) -> None:
        """Hear of children as before."""
        if self._handler is not None:
            signal.signal(signal.SIGCHLD, self._handler)
            self._handler = None
