"""Ending a process together with the one that started it."""

import ctypes
import os
import signal
import sys

SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == 'linux' else None


def end_with_parent() -> None:
    """Ask the system to end this process when its parent dies (Linux only).

    Without this the processes of a run that was killed would go on, and write into the folder of the next call: stages
    of a recipe (it is called between fork and exec then), the ranks of torchrun, and workers that load data.
    """
    if LIBC is not None:
        parent = os.getppid()
        LIBC.prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the call
            os._exit(1)
