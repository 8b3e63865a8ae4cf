"""Turning an error that the user can fix into one line instead of a traceback."""

import errno
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGE_FOLDER = str(Path(__file__).resolve().parents[1]) + os.sep
TRACEBACK_VARIABLE = 'WSIS_TRACEBACK'
MAKE_ROOM = 'make room there, or name another folder, and run the same command again: it goes on'
CHECK_RIGHTS = 'check the rights of this file and of its folder, and run the same command again: it goes on'
INTERRUPTED = 'interrupted'
GOES_ON = f'{INTERRUPTED}: run the same command again, and it goes on where it stopped'
INTERRUPTED_STATUS = 130  # as shells have it for a program that Ctrl-C has ended
UNWRITABLE = {
    errno.ENOSPC: MAKE_ROOM,
    errno.EDQUOT: MAKE_ROOM,
    errno.EFBIG: f'files may not grow so large here (ulimit -f); {MAKE_ROOM}',
    # also of what cannot be read
    errno.EACCES: CHECK_RIGHTS,
    errno.EPERM: CHECK_RIGHTS,
    errno.EROFS: 'name another folder, or run the same command again once the disk can be written: it goes on',
}


def _raised_in_package(error: BaseException) -> bool:
    """Tell whether the error was raised by this package's own checks, here or in a data-loading worker."""
    frames = traceback.extract_tb(error.__traceback__)
    if frames and os.path.realpath(frames[-1].filename).startswith(PACKAGE_FOLDER):
        return True
    # torch re-raises a worker's error in the main process with the worker's traceback as its message
    worker_files = [line for line in str(error).splitlines() if line.lstrip().startswith('File "')]
    return bool(worker_files) and PACKAGE_FOLDER in worker_files[-1]


def _is_bad_input(error: BaseException) -> bool:
    return isinstance(error, (ValueError, FileNotFoundError, ImportError)) and _raised_in_package(error)


def _explain_unwritable(error: BaseException) -> str | None:
    """Return one line on a full disk or a file that may not be written; None for other errors."""
    advice = UNWRITABLE.get(getattr(error, 'errno', None))
    if advice is None:
        return None
    return f'{error.filename or "a file"} cannot be used ({error.strerror}): {advice}'


def _one_line(error: BaseException) -> str:
    """Return the last non-empty line of a re-raised worker error, or the whole message on one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if len(lines) > 1 and 'Traceback' in str(error):
        return lines[-1].split(': ', 1)[-1]
    return ' '.join(lines) or type(error).__name__


@contextmanager
def report_errors(interrupted: str = INTERRUPTED) -> Iterator[None]:
    """Print errors of bad input as one line and exit with status 1; let all others through with their traceback.

    Bad input is what this package's own checks raise as `ValueError`, `FileNotFoundError` or `ImportError`, and what
    the system raises, wherever it does, of a place that is full or cannot be written. An interrupt from the keyboard is
    one line too, with status 130. Set the environment variable `WSIS_TRACEBACK=1` to see their tracebacks too.

    Args:
        interrupted: What is said of an interrupt.
    """
    try:
        yield
    except KeyboardInterrupt:
        if os.environ.get(TRACEBACK_VARIABLE):
            raise
        if os.environ.get('RANK', '0') == '0':  # all ranks are interrupted together
            print(f'\n{interrupted}', file=sys.stderr, flush=True)  # the terminal has ^C in its last line
        raise SystemExit(INTERRUPTED_STATUS) from None
    except (ValueError, OSError, ImportError) as error:
        line = _one_line(error) if _is_bad_input(error) else _explain_unwritable(error)
        if line is None or os.environ.get(TRACEBACK_VARIABLE):
            raise
        rank = os.environ.get('RANK', '0')
        place = '' if rank == '0' else f' (rank {rank})'
        print(f'error{place}: {line}', file=sys.stderr, flush=True)
        raise SystemExit(1) from None
