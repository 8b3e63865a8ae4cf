"""One call of the recipe in processes of its own, which can be found, ended and waited for."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MARK = 'WSIS_FAULT_TRIAL'
SECONDS_TO_POLL = 0.01


class RecipeRun:
    """A call of ``tools/pipeline.py`` in a folder.

    Args:
        folder: The trial's; ``work`` in it is the work dir, ``data/demo`` the photos.
        recipe: The config.
        tool: Path of ``tools/pipeline.py``.
        processes: How many processes each stage has.
    """

    def __init__(self, folder: Path, recipe: Path, tool: Path, processes: int = 1) -> None:
        self.folder = folder
        self.processes = processes
        self.work_dir = folder / 'work'
        self.log = folder / f'output{len(list(folder.glob("output*.txt")))}.txt'
        self.mark = f'{os.getpid()}-{time.monotonic_ns()}'
        command = [
            sys.executable,
            str(tool),
            str(recipe),
            '--work-dir',
            'work',
            '--no-report',
            '--gpus',
            str(processes),
        ]
        environment = dict(os.environ, OMP_NUM_THREADS='1', CUDA_VISIBLE_DEVICES='', **{MARK: self.mark})
        with open(self.log, 'wb') as output:
            self.launcher = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        """What the call has printed so far."""
        return self.log.read_text(errors='replace')

    def is_running(self) -> bool:
        """Whether the launcher has not ended."""
        return self.launcher.poll() is None

    def find_processes(self) -> list[int]:
        """Return all processes of this call, also those whose parents have ended; they inherit its mark."""
        mark, found = f'{MARK}={self.mark}'.encode(), []
        for entry in Path('/proc').iterdir():
            with suppress(OSError, ValueError):
                if mark in (entry / 'environ').read_bytes().split(b'\0') and _read_state(int(entry.name))[0] != 'Z':
                    found.append(int(entry.name))
        return found

    def find_helpers(self) -> list[int]:
        """Return the process between the launcher and the stages: the server that forks scripts, or torchrun."""
        return _find_children(self.launcher.pid)

    def find_stage_processes(self) -> list[int]:
        """Return the processes that do the work of the stage, one for each rank."""
        return [stage for helper in self.find_helpers() for stage in _find_children(helper)]

    def find_workers(self) -> list[int]:
        """Return the processes that load data: children of the stage's."""
        return [worker for stage in self.find_stage_processes() for worker in _find_children(stage)]

    def wait(self, timeout: float) -> int | None:
        """Return the exit status of the launcher, None if it has not ended in time."""
        try:
            return self.launcher.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def wait_for_end(self, timeout: float) -> list[int]:
        """Wait until no process of this call is left; return those that are after the timeout."""
        end = time.monotonic() + timeout
        while (left := self.find_processes()) and time.monotonic() < end:
            time.sleep(0.1)
        return left

    def kill_all(self) -> None:
        """End all processes of this call at once, whatever state they are in."""
        while found := self.find_processes():
            for process in found:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            self.launcher.poll()
            time.sleep(SECONDS_TO_POLL)
        self.launcher.wait()


def _find_children(parent: int) -> list[int]:
    return [process for process, state, its_parent in _list_processes() if its_parent == parent and state != 'Z']


def _list_processes() -> Iterator[tuple[int, str, int]]:
    for entry in Path('/proc').iterdir():
        with suppress(OSError, ValueError):
            yield int(entry.name), *_read_state(int(entry.name))


def _read_state(process: int) -> tuple[str, int]:
    """Return the state of a process and its parent."""
    state, parent = Path(f'/proc/{process}/stat').read_text().rsplit(')', 1)[1].split()[:2]
    return state, int(parent)
