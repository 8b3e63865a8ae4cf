"""Locking a folder against a second run, and ending stages together with the recipe that started them."""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # no POSIX system: there is no lock then
    fcntl = None

LOCK_NAME = '.lock'
SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == 'linux' else None


@contextmanager
def lock_folder(folder: str | Path) -> Iterator[None]:
    """Hold the lock of a folder; the system gives it back when the process ends, however that happens.

    Raises:
        ValueError: If another process holds it.
    """
    with open(Path(folder) / LOCK_NAME, 'w') as file:
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(
                f'{folder} is in use by another run of this pipeline: wait for it or end it, or choose '
                'another --work-dir'
            ) from None
        yield


def end_with_parent() -> None:
    """Ask the system to end this process when its parent dies (Linux only); called between fork and exec.

    Without this, stages of a pipeline that was killed would go on, and write into the folder of the next call.
    """
    if LIBC is not None:
        parent = os.getppid()
        LIBC.prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the call
            os._exit(1)
