"""Measuring a recipe with the code of two checkouts, whose stages take turns.

Each checkout runs its own ``tools/analysis_tools/benchmark_recipe.py --in-turns`` as a process, in which nothing of
the other is imported. It reads its settings as a line of JSON. Before each stage it tells that it waits, and goes on
when it gets a line.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from ..apis.configs import ROOT, find_config
from ..engine.parent_process import end_with_parent
from .measured_recipe import TIMES_NAME

TOOL = Path('tools/analysis_tools/benchmark_recipe.py')
WAITING = 'waiting for its turn:'
#: Where configs and modules would be found in the current folder before those of a checkout.
CODE = ('configs', 'demo', 'projects', 'tests', 'tools')


def wait_for_turn(stage: str) -> None:
    """Tell that a stage can begin, and wait until it may.

    Raises:
        ValueError: If the process that gives the turns has ended.
    """
    print(f'{WAITING} {stage}', flush=True)
    if not sys.stdin.readline():
        raise ValueError('the process that gives the turns has ended')


def measure_in_turns(other: str | Path, work_dir: str | Path, settings: Mapping[str, Any]) -> list[Path]:
    """Measure a recipe with the code of another checkout and of this one.

    Args:
        other: The other checkout; its commit must have the tool.
        work_dir: Folder for the results of both, in ``other`` and ``this``; without results of an earlier run.
        settings: Arguments of the tool: ``config``, ``data``, ``steps`` and others.

    Returns:
        The files of times, of the other checkout and of this one.

    Raises:
        FileNotFoundError: If the other folder is no such checkout.
        ValueError: If one of the two fails.
    """
    checkouts = dict(other=Path(other).resolve(), this=ROOT)
    for name, folder in checkouts.items():
        if not (folder / TOOL).is_file():
            raise FileNotFoundError(
                f'{folder} ({name}) has no {TOOL}: name a checkout of this repository, of a commit that has it'
            )
    work_dir = Path(work_dir).resolve()
    here = make_folder_without_code(work_dir / 'here')
    data = settings.get('data')
    config = find_config(settings['config']).resolve()
    given = {**settings, 'data': None if data is None else str(find_config(data).resolve())}
    given['config'] = str(config.relative_to(ROOT) if config.is_relative_to(ROOT) else config)
    with ExitStack() as stack:
        runs = [
            stack.enter_context(CheckoutRun(name, folder, here, {**given, 'work_dir': str(work_dir / name)}))
            for name, folder in checkouts.items()
        ]
        take_turns(runs)
    return [work_dir / name / TIMES_NAME for name in checkouts]


def make_folder_without_code(folder: Path) -> Path:
    """Make a folder with links to all that the current one holds, but to no code, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in Path.cwd().iterdir():
        link = folder / path.name
        if path.name not in CODE and not link.is_symlink() and not folder.is_relative_to(path):
            link.symlink_to(path.resolve())
    return folder


class CheckoutRun:
    """The process of one checkout; what it prints is printed behind its name.

    Args:
        name: Its name.
        checkout: Folder of the checkout.
        folder: The current folder of the process.
        settings: Its settings.
    """

    def __init__(self, name: str, checkout: Path, folder: Path, settings: Mapping[str, Any]) -> None:
        self.name = name
        self.process = subprocess.Popen(
            [sys.executable, str(checkout / TOOL), '--in-turns'],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors='replace',
            preexec_fn=end_with_parent,
        )
        self._send(json.dumps(settings))

    def __enter__(self) -> 'CheckoutRun':
        return self

    def __exit__(self, *error: object) -> None:
        self.process.terminate()
        self.process.communicate()

    def go_on(self) -> None:
        """Let the stage that waits begin."""
        self._send('go')

    def read_until_it_waits(self) -> bool:
        """Print what the process prints until it waits, and return True; False if it has come to its end.

        Raises:
            ValueError: If it has failed.
        """
        last = ''
        for line in self.process.stdout:
            if line.startswith(WAITING):
                return True
            last = line.strip() or last
            print(f'{self.name}: {line}', end='', flush=True)
        if self.process.wait():
            raise ValueError(f'the run of the checkout {self.name} failed: {last or "no output"}')
        return False

    def _send(self, line: str) -> None:
        with suppress(BrokenPipeError):  # where it has ended, its last lines say why
            self.process.stdin.write(f'{line}\n')
            self.process.stdin.flush()


def take_turns(runs: Sequence[CheckoutRun]) -> None:
    """Let the stages of runs begin one after the other, until all runs have come to their end."""
    waiting = [run for run in runs if run.read_until_it_waits()]
    while waiting:
        for run in list(waiting):
            run.go_on()
            if not run.read_until_it_waits():
                waiting.remove(run)
