"""How much memory and CPU time processes and those that they have started use, read from /proc while they run."""

import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

PROC = Path('/proc')
SECONDS_BETWEEN_LOOKS = 0.2
PARENT, USER, SYSTEM, USER_OF_ENDED, SYSTEM_OF_ENDED = 1, 11, 12, 13, 14  # fields of /proc/PID/stat behind the name


class ProcessUsage:
    """Memory and CPU time of processes with all that they have started.

    Both are looked at five times a second, so that up to .2 seconds of the end is missed. On systems without /proc
    both are None.

    Attributes:
        cpu_seconds: CPU time of all together.
        peak_memory: Peak of the resident set of the largest of them, in bytes.
    """

    def __init__(self) -> None:
        self.cpu_seconds: float | None = None
        self.peak_memory: int | None = None
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, pids: Sequence[int]) -> None:
        """Begin to look at processes."""
        self._thread = threading.Thread(target=self._look_until_the_end, args=(pids,), daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Look no more."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _look_until_the_end(self, pids: Sequence[int]) -> None:
        self.look(pids)
        while not self._ended.wait(SECONDS_BETWEEN_LOOKS):
            self.look(pids)

    def look(self, pids: Sequence[int]) -> None:
        """Look once. The CPU time of a process that has ended is in that of its parent."""
        processes = find_processes(pids)
        if not processes:
            return
        ticks = sum(int(fields[at]) for fields in processes.values() for at in range(USER, SYSTEM_OF_ENDED + 1))
        self.cpu_seconds = max(self.cpu_seconds or 0.0, ticks / os.sysconf('SC_CLK_TCK'))
        peaks = [read_peak_memory(process) for process in processes]
        self.peak_memory = max([self.peak_memory or 0, *peaks])


def find_processes(pids: Sequence[int]) -> dict[int, list[str]]:
    """Return the fields of /proc/PID/stat, behind the name, of processes and of all that they have started."""
    fields = {}
    for folder in PROC.glob('[0-9]*'):
        with suppress(OSError):  # it has ended in between
            fields[int(folder.name)] = (folder / 'stat').read_text(errors='replace').rpartition(')')[2].split()
    found = {pid: fields[pid] for pid in pids if pid in fields}
    while new := {
        process: own for process, own in fields.items() if process not in found and int(own[PARENT]) in found
    }:
        found.update(new)
    return found


def read_peak_memory(pid: int) -> int:
    """Return the peak of the resident set of a process in bytes; 0 if it has ended."""
    with suppress(OSError):
        for line in (PROC / str(pid) / 'status').read_text(errors='replace').splitlines():
            if line.startswith('VmHWM:'):
                return int(line.split()[1]) * 1024
    return 0
