"""Starting Python scripts without waiting for their imports: as forks of a process that has imported the project.

A script of tools/ imports torch and the mm stack before it does anything, which takes seconds of a core each time.
"""

import atexit
import gc
import json
import multiprocessing
import os
import random
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import torch
from mmengine.device import get_device

from ..engine.parent_process import end_with_parent

# What scripts of tools/ import, and what is imported when a Runner is built, or anything by its name in a registry, and
# by an optimizer in its first step.
PRELOADED = (
    'projects.wsis.apis.launch',
    'projects.wsis.inspection.contact_sheet',
    'mmdet.datasets',
    'mmdet.engine',
    'mmdet.evaluation',
    'mmdet.utils',
    'mmseg.datasets',
    'mmseg.engine',
    'mmseg.evaluation',
    'mmseg.models',
    'mmseg.utils',
    'mmseg.visualization',
    'yapf.yapflib.yapf_api',
    'torch._dynamo',
)
START = 'import sys; sys.path.insert(0, sys.argv[1]); from {module} import serve; serve(*sys.argv[2:])'
# lets torch ask the driver's management library how many GPUs there are, which leaves forks the use of CUDA
COUNT_BY_DRIVER = {'PYTORCH_NVML_BASED_CUDA_CHECK': '1'}
LONGEST_READ = 65536
MOST_FILES = 253  # that one message of a socket can pass on Linux
IMPORT_FOLDER = Path(__file__).resolve().parents[3]


class RunningScript:
    """A script that a :class:`ScriptServer` has started; its use is that of :class:`subprocess.Popen`.

    Where several processes run it together, it has ended when all have, and what asks it to end asks all.

    Attributes:
        pids: Numbers of its processes.
        returncode: Its exit status once :meth:`wait` has returned, negative for the signal that ended it. Of several
            processes it is that of the first that has failed.
        stdout: Its standard output and standard error, as text.
    """

    def __init__(self, output: int, statuses: Sequence[int]) -> None:
        self.stdout = os.fdopen(output, encoding='utf-8', errors='replace')
        self._statuses = [os.fdopen(status, 'rb', buffering=0) for status in statuses]
        self._ends: list[int] = []
        self.returncode: int | None = None
        self.pids = [self._read_number(status) for status in self._statuses]
        self._running = dict(zip(self._statuses, self.pids))

    @staticmethod
    def _read_number(status: IO[bytes]) -> int:
        line = status.readline()
        if not line:
            raise ChildProcessError('the process that starts scripts has ended')
        return int(line)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the script and return its exit status.

        Raises:
            subprocess.TimeoutExpired: If it has not ended within the timeout.
            ChildProcessError: If the server has ended before.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while self._running:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            ready = select.select(list(self._running), [], [], left)[0]
            if not ready:
                raise subprocess.TimeoutExpired(f'processes {list(self._running.values())}', timeout)
            for status in ready:
                self._ends.append(self._read_number(status))
                del self._running[status]
        if self.returncode is None:
            # others are asked to end when one has failed, which says nothing about the failure
            failed = sorted(filter(None, self._ends), key=lambda end: end == -signal.SIGTERM)
            self.returncode = failed[0] if failed else 0
        return self.returncode

    def poll(self) -> int | None:
        """Return the exit status, or None if the script has not ended."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: int) -> None:
        """Send a signal to the processes that have not ended."""
        self.poll()
        for pid in self._running.values():
            os.kill(pid, number)

    def terminate(self) -> None:
        """Ask the script to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the script at once."""
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> 'RunningScript':
        return self

    def __exit__(self, *error: object) -> None:
        self.stdout.close()
        self.wait()
        for status in self._statuses:
            status.close()


class ScriptServer:
    """A process that has imported the project, and forks one process for each script, or several that work together.

    Nothing that a script does is seen by the next one. Scripts end with the server, and the server with the process
    that made it. CUDA cannot be used in a fork of a process that has used it, and asking for the number of GPUs may
    count: where that has happened, a script starts anew in the place of its fork.

    Args:
        modules: What it imports. A module that cannot be imported is left to the scripts, which tell why.
        environment: Its environment variables (default: those of this process).
    """

    def __init__(self, modules: Sequence[str] = PRELOADED, environment: Mapping[str, str] | None = None) -> None:
        self._connection, theirs = socket.socketpair()
        arguments = [str(IMPORT_FOLDER), str(theirs.fileno()), *modules]
        quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, '-c', START.format(module=__name__), *arguments],
                pass_fds=[theirs.fileno()],
                env={**COUNT_BY_DRIVER, **(os.environ if environment is None else environment)},
                preexec_fn=end_with_parent,
                **quiet,
            )

    @staticmethod
    def is_possible() -> bool:
        """Return whether this system can fork a process and pass files to it."""
        return hasattr(os, 'fork') and hasattr(socket, 'send_fds')

    def start(
        self, command: Sequence[str], folder: str | Path = '.', environments: Sequence[Mapping[str, str]] = ({},)
    ) -> RunningScript:
        """Start a script.

        Args:
            command: The script and its arguments.
            folder: Its working directory.
            environments: Environment variables to add to those of the server, of each process that runs the script.
                When one of several fails the others are ended.

        Raises:
            ChildProcessError: If the server has ended.
        """
        output, their_output = os.pipe()
        pipes = [os.pipe() for _ in environments]
        request = dict(
            command=list(map(str, command)),
            folder=str(Path(folder).resolve()),
            environments=list(map(dict, environments)),
        )
        theirs = [their_output, *(their_status for _, their_status in pipes)]
        with suppress(OSError):  # RunningScript reports it, as nothing will write its status
            socket.send_fds(self._connection, [f'{json.dumps(request)}\n'.encode()], theirs)
        for file in theirs:
            os.close(file)
        return RunningScript(output, [status for status, _ in pipes])

    def close(self) -> None:
        """End the server, and the scripts that still run."""
        self._connection.close()
        self._process.wait()

    def __enter__(self) -> 'ScriptServer':
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def serve(connection_number: str, *modules: str) -> None:
    """Start the scripts that come by a socket until it is closed, each in a forked process.

    Args:
        connection_number: File descriptor of the socket.
        modules: What to import first.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who starts the scripts decides what an interrupt means
    connection = socket.socket(fileno=int(connection_number))
    for module in modules:
        with suppress(Exception):
            import_module(module)
    gc.freeze()  # else each script would look through all that is imported whenever it collects garbage
    running: dict[int, ForkedProcess] = {}
    while True:
        for ready in wait([connection, *running]):
            if ready is not connection:
                running.pop(ready).tell_end()
            elif (request := _receive(connection)) is None:
                return _end(list(running.values()))
            else:
                running.update(_fork_all(*request, connection.fileno()))


class ForkedProcess(NamedTuple):
    """A process that runs a script; ``group`` are all processes that run it, ``status`` is the file for its end."""

    process: BaseProcess
    status: int
    group: list[BaseProcess]

    def tell_end(self) -> None:
        """Write the exit status of the process, which has ended, and end the rest of its group if it has failed."""
        self.process.join()
        self.group.remove(self.process)
        if self.process.exitcode:
            for other in self.group:
                other.terminate()
        with suppress(BrokenPipeError):  # the other process no longer waits for it
            os.write(self.status, f'{self.process.exitcode}\n'.encode())
        os.close(self.status)
        self.process.close()


def _receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Return a request with the files for the output and for the status of each process; None at the end."""
    text, files = b'', []
    while not text.endswith(b'\n'):
        part, new_files, _, _ = socket.recv_fds(connection, LONGEST_READ, MOST_FILES)
        if not part:
            return None
        text += part
        files += new_files
    return json.loads(text), files


def _fork_all(request: dict[str, Any], files: list[int], connection: int) -> dict[int, ForkedProcess]:
    """Start the processes of a request, and return them by what is ready when they have ended."""
    (output, *statuses), group, forked = files, [], {}
    for environment, status in zip(request['environments'], statuses, strict=True):
        arguments = request['command'], request['folder'], environment, output, [connection, *statuses]
        process = multiprocessing.get_context('fork').Process(
            target=_run_script, args=arguments, name=request['command'][0]
        )
        process.start()
        os.write(status, f'{process.pid}\n'.encode())
        group.append(process)
        forked[process.sentinel] = ForkedProcess(process, status, group)
    os.close(output)
    return forked


def _end(running: list[ForkedProcess]) -> None:
    for forked in running:
        forked.process.terminate()
    for forked in running:
        forked.tell_end()


def _run_script(
    command: list[str], folder: str, environment: dict[str, str], output: int, unused_files: list[int]
) -> None:
    """Do in this forked process what `python SCRIPT ARGUMENTS` would."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for file in unused_files:
        os.close(file)
    _redirect(output)
    os.chdir(folder)
    os.environ.update(environment)
    if _cannot_use_gpus():
        os.execv(sys.executable, [sys.executable, *command])
    random.seed()  # else all scripts would draw the same numbers where no seed is set
    np.random.seed()
    sys.argv = command
    sys.path.insert(0, str(Path(command[0]).resolve().parent))
    try:
        runpy.run_path(command[0], run_name='__main__')
    finally:
        atexit._run_exitfuncs()  # a forked process leaves without them


def _cannot_use_gpus() -> bool:
    """Return whether there is a GPU, and the process that this one was forked from has kept CUDA from its forks.

    Without a driver a torch for CUDA keeps it from them too, when it is asked for the number of GPUs.
    """
    return get_device() == 'cuda' and torch.cuda._is_in_bad_fork()


def _redirect(output: int) -> None:
    """Let standard output and standard error go to a file, by streams that know what kind of file it is."""
    for number, name in ((1, 'stdout'), (2, 'stderr')):
        os.dup2(output, number)
        old = getattr(sys, name)
        stream = os.fdopen(number, 'w', encoding=old.encoding, errors=old.errors, closefd=False)
        stream.reconfigure(line_buffering=old.line_buffering)
        setattr(sys, name, stream)
        setattr(sys, f'__{name}__', stream)
    os.close(output)
