"""Starting tools and functions in processes of their own, without waiting for their imports each time."""

import atexit
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from torch.multiprocessing import start_processes

from projects.wsis.recipes.process_group import find_free_port
from projects.wsis.recipes.script_server import PRELOADED, RunningScript, ScriptServer

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / 'tools'
TESTS = ROOT / 'tests'
DEMO_FOLDER = Path('data/demo')  # where the demo's configs look, below the current folder
PATIENCE_WITH_RANKS = 150.0  # seconds
QUICK_VARIABLE = 'WSIS_QUICK_TESTS'  # of `make test-quick`
RANK_SCRIPT = Path(__file__).resolve().parent / 'run_rank.py'
SERVER_SCRIPT = Path(__file__).resolve().parent / 'run_with_server.py'
TOOLS_WITH_SERVERS = ('pipeline.py', 'label_photos.py', 'analysis_tools/benchmark_recipe.py')


def skip_if_quick() -> None:
    """Skip the test where quick ones are asked for: a process takes seconds of a core for its imports alone."""
    if os.environ.get(QUICK_VARIABLE):
        pytest.skip('it starts processes, and this is `make test-quick`')


def link_demo(folder: Path, demo_root: Path) -> Path:
    """Let the demo's configs find the tiny demo set in a current folder, and return that folder."""
    link = folder / DEMO_FOLDER
    if not link.is_symlink():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(demo_root, target_is_directory=True)
    return folder


def make_environment() -> dict[str, str]:
    """Return the environment of a tool's process: no GPU, one thread, and a traceback where it is aborted."""
    paths = [str(TESTS), str(TESTS / 'tools'), *filter(None, [os.environ.get('PYTHONPATH')])]
    return dict(
        os.environ,
        OMP_NUM_THREADS='1',
        CUDA_VISIBLE_DEVICES='',
        PYTHON=sys.executable,
        PYTHONFAULTHANDLER='1',
        PYTHONPATH=os.pathsep.join(paths),
    )


@cache
def _server() -> ScriptServer:
    server = ScriptServer((*PRELOADED, 'tiny_chain.plain_runs'), make_environment())
    atexit.register(server.close)
    return server


def start_tool(
    demo_root: Path | None, folder: Path, *command: object, environments: Sequence[Mapping[str, str]] = ({},)
) -> RunningScript:
    """Start a tool (its name, then its arguments) in a folder that is not the repository, and may see the demo set.

    A path instead of a name is that of any other script. It runs in as many processes as there are environments.
    """
    skip_if_quick()
    tool, *arguments = command
    first = [SERVER_SCRIPT] if tool in TOOLS_WITH_SERVERS else []
    return _server().start(
        [*first, TOOLS / str(tool), *arguments], link_demo(folder, demo_root) if demo_root else folder, environments
    )


def finish_tool(process: RunningScript | subprocess.Popen) -> SimpleNamespace:
    """Wait for a tool and return its exit status, its output and its last lines, which say why it failed.

    A tool that has not ended when the test has taken too long is aborted, and shows where it was.
    """
    with process:
        try:
            output = process.stdout.read()
        except BaseException:
            process.send_signal(signal.SIGABRT)
            print(process.stdout.read()[-8000:])
            raise
    return SimpleNamespace(status=process.returncode, output=output, tail=output[-4000:])


def run_tool(demo_root: Path | None, folder: Path, *command: object) -> SimpleNamespace:
    """Run a tool to its end; see :func:`start_tool` and :func:`finish_tool`."""
    return finish_tool(start_tool(demo_root, folder, *command))


def run_command(folder: Path, *command: object) -> SimpleNamespace:
    """Run a program to its end, as a user would: nothing is imported before; see :func:`finish_tool`."""
    skip_if_quick()
    pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return finish_tool(subprocess.Popen([*map(str, command)], cwd=folder, env=make_environment(), **pipes))


def run_tool_in_ranks(demo_root: Path, folder: Path, processes: int, *command: object) -> SimpleNamespace:
    """Run a tool in several processes of one group, as torchrun does; return the result of the first that failed."""
    tool, *arguments = command
    link_demo(folder, demo_root)
    return run_script_in_ranks(folder, processes, 1, TOOLS / str(tool), *arguments, '--launcher', 'pytorch')


def run_script_in_ranks(folder: Path, processes: int, nodes: int, *command: object) -> SimpleNamespace:
    """Run a script in several processes of one group, spread over nodes that are all this machine.

    Returns:
        The result of the first process that failed, else of the first.
    """
    skip_if_quick()
    port = find_free_port()
    start = [(RANK_SCRIPT, rank, processes, nodes, port, *command) for rank in range(processes)]
    results = [finish_tool(process) for process in [_server().start(one, folder) for one in start]]
    return next((result for result in results if result.status), results[0])


def call_in_ranks(function: Callable, *arguments: object, processes: int = 2) -> None:
    """Call ``function(rank, *arguments)`` in several processes and wait for them; what one raises is raised here.

    Seldom, and for a reason that is not known, processes of gloo wait for each other without end. They are then ended,
    and called once more; what is at the place of the first argument, where they meet, is removed before.
    """
    skip_if_quick()
    multiprocessing.get_context('forkserver').set_forkserver_preload(['projects.wsis.apis.launch'])
    for _ in range(2):
        context = start_processes(function, arguments, processes, join=False, start_method='forkserver')
        deadline = time.monotonic() + PATIENCE_WITH_RANKS
        while time.monotonic() < deadline:
            if context.join(timeout=1):
                return
        for process in context.processes:
            process.kill()
            process.join()
        if (rendezvous := Path(str(arguments[0]))).is_file():
            rendezvous.unlink()
    pytest.fail(f'the processes of {function.__name__} wait for each other without end')
