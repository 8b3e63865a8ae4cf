"""Locking a folder against a second run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # no POSIX system: there is no lock then
    fcntl = None

LOCK_NAME = '.lock'


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
