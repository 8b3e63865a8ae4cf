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
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

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
LONGEST_READ = 65536
IMPORT_FOLDER = Path(__file__).resolve().parents[3]


class RunningScript:
    """A script that a :class:`ScriptServer` has started; its use is that of :class:`subprocess.Popen`.

    Attributes:
        pid: Number of its process.
        returncode: Its exit status once :meth:`wait` has returned, negative for the signal that ended it.
        stdout: Its standard output and standard error, as text.
    """

    def __init__(self, output: int, status: int) -> None:
        self.stdout = os.fdopen(output, encoding='utf-8', errors='replace')
        self._status = os.fdopen(status, 'rb', buffering=0)
        self.returncode: int | None = None
        self.pid = self._read_number()

    def _read_number(self) -> int:
        line = self._status.readline()
        if not line:
            raise ChildProcessError('the process that starts scripts has ended')
        return int(line)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the script and return its exit status.

        Raises:
            subprocess.TimeoutExpired: If it has not ended within the timeout.
            ChildProcessError: If the server has ended before.
        """
        if self.returncode is None:
            if timeout is not None and not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f'process {self.pid}', timeout)
            self.returncode = self._read_number()
        return self.returncode

    def poll(self) -> int | None:
        """Return the exit status, or None if the script has not ended."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the script has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

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
        self._status.close()


class ScriptServer:
    """A process that has imported the project, and forks one process for each script.

    Nothing that a script does is seen by the next one. Scripts end with the server, and the server with the process
    that made it. Not for scripts that use a GPU: CUDA cannot be used in a fork of a process that has asked for it.

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
                env=environment,
                preexec_fn=end_with_parent,
                **quiet,
            )

    @staticmethod
    def is_possible() -> bool:
        """Return whether this system can fork a process and pass files to it."""
        return hasattr(os, 'fork') and hasattr(socket, 'send_fds')

    def start(self, command: Sequence[str], folder: str | Path = '.') -> RunningScript:
        """Start a script.

        Args:
            command: The script and its arguments.
            folder: Its working directory.

        Raises:
            ChildProcessError: If the server has ended.
        """
        output, their_output = os.pipe()
        status, their_status = os.pipe()
        request = json.dumps(dict(command=list(map(str, command)), folder=str(Path(folder).resolve())))
        with suppress(OSError):  # RunningScript reports it, as nothing will write its status
            socket.send_fds(self._connection, [f'{request}\n'.encode()], [their_output, their_status])
        os.close(their_output)
        os.close(their_status)
        return RunningScript(output, status)

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
    running: dict[int, tuple[BaseProcess, int]] = {}
    while True:
        for ready in wait([connection, *running]):
            if ready is not connection:
                _tell_end(*running.pop(ready))
            elif (request := _receive(connection)) is None:
                return _end(list(running.values()))
            else:
                command, folder, output, status = request
                process = _fork(command, folder, output, [connection.fileno(), status])
                os.close(output)
                os.write(status, f'{process.pid}\n'.encode())
                running[process.sentinel] = process, status


def _receive(connection: socket.socket) -> tuple[list[str], str, int, int] | None:
    """Return the command, the folder, and the files for output and status of a request; None at the end."""
    text, files = b'', []
    while not text.endswith(b'\n'):
        part, new_files, _, _ = socket.recv_fds(connection, LONGEST_READ, 2)
        if not part:
            return None
        text += part
        files += new_files
    request = json.loads(text)
    return request['command'], request['folder'], *files


def _fork(command: list[str], folder: str, output: int, unused_files: list[int]) -> BaseProcess:
    arguments = command, folder, output, unused_files
    process = multiprocessing.get_context('fork').Process(target=_run_script, args=arguments, name=command[0])
    process.start()
    return process


def _tell_end(process: BaseProcess, status: int) -> None:
    """Write the exit status of a process that has ended."""
    process.join()
    with suppress(BrokenPipeError):  # the other process no longer waits for it
        os.write(status, f'{process.exitcode}\n'.encode())
    os.close(status)
    process.close()


def _end(running: list[tuple[BaseProcess, int]]) -> None:
    for process, _ in running:
        process.terminate()
    for process, status in running:
        _tell_end(process, status)


def _run_script(command: list[str], folder: str, output: int, unused_files: list[int]) -> None:
    """Do in this forked process what `python SCRIPT ARGUMENTS` would."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for file in unused_files:
        os.close(file)
    _redirect(output)
    os.chdir(folder)
    random.seed()  # else all scripts would draw the same numbers where no seed is set
    np.random.seed()
    sys.argv = command
    sys.path.insert(0, str(Path(command[0]).resolve().parent))
    try:
        runpy.run_path(command[0], run_name='__main__')
    finally:
        atexit._run_exitfuncs()  # a forked process leaves without them


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
