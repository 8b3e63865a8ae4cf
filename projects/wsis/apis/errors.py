"""Turning an error that the user can fix into one line instead of a traceback."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGE_FOLDER = str(Path(__file__).resolve().parents[1]) + os.sep
TRACEBACK_VARIABLE = 'WSIS_TRACEBACK'


def _raised_in_package(error: BaseException) -> bool:
    """Tell whether the error was raised by this package's own checks, here or in a data-loading worker."""
    frames = traceback.extract_tb(error.__traceback__)
    if frames and os.path.realpath(frames[-1].filename).startswith(PACKAGE_FOLDER):
        return True
    # torch re-raises a worker's error in the main process with the worker's traceback as its message
    worker_files = [line for line in str(error).splitlines() if line.lstrip().startswith('File "')]
    return bool(worker_files) and PACKAGE_FOLDER in worker_files[-1]


def _one_line(error: BaseException) -> str:
    """Return the last non-empty line of a re-raised worker error, or the whole message on one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if len(lines) > 1 and 'Traceback' in str(error):
        return lines[-1].split(': ', 1)[-1]
    return ' '.join(lines) or type(error).__name__


@contextmanager
def report_errors() -> Iterator[None]:
    """Print errors of bad input as one line and exit with status 1; let all others through with their traceback.

    Bad input is what this package's own checks raise as `ValueError`, `FileNotFoundError` or `ImportError`. Set the
    environment variable `WSIS_TRACEBACK=1` to see their tracebacks too.
    """
    try:
        yield
    except (ValueError, FileNotFoundError, ImportError) as error:
        if os.environ.get(TRACEBACK_VARIABLE) or not _raised_in_package(error):
            raise
        rank = os.environ.get('RANK', '0')
        place = '' if rank == '0' else f' (rank {rank})'
        print(f'error{place}: {_one_line(error)}', file=sys.stderr, flush=True)
        raise SystemExit(1) from None
