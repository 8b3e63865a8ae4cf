"""The signal that a child process has ended, with which torch raises an error wherever the main thread is."""

import signal
import threading
from typing import Any


class ChildSignals:
    """Puts torch's handler of the signal off once an error is on its way; the end of the context puts it back.

    A worker that was killed is told of twice: by its lost connection, and by this signal, which may come later, while
    the first error is being handled.
    """

    def __init__(self) -> None:
        self._is_entered = False
        self._handler: Any = None

    def __enter__(self) -> None:
        self._is_entered = True

    def put_off(self) -> None:
        """Hear of no child until the context ends; only the main thread of a process hears of them at all."""
        is_main = threading.current_thread() is threading.main_thread()
        if self._is_entered and self._handler is None and is_main and hasattr(signal, 'SIGCHLD'):
            self._handler = signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    def __exit__(self, *_: object) -> None:
        self._is_entered = False
        if self._handler is not None:
            signal.signal(signal.SIGCHLD, self._handler)
            self._handler = None
