"""Faults of processes: one of them is killed, or stands still."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random

from .recipe_run import SECONDS_TO_POLL, RecipeRun


def kill_worker(run: RecipeRun, random: Random) -> str | None:
    """Kill a process that loads data."""
    return _signal_one(run, random, run.find_workers, signal.SIGKILL)


def stop_worker(run: RecipeRun, random: Random) -> str | None:
    """Let a process that loads data stand still, as one does whose disk does not answer."""
    return _signal_one(run, random, run.find_workers, signal.SIGSTOP)


def kill_stage(run: RecipeRun, random: Random) -> str | None:
    """Kill the process of a stage; where there are several, one rank."""
    return _signal_one(run, random, run.find_stage_processes, signal.SIGKILL)


def kill_helper(run: RecipeRun, random: Random) -> str | None:
    """Kill what stands between the recipe and its stages: the server that forks them, or torchrun."""
    return _signal_one(run, random, run.find_helpers, signal.SIGKILL)


def kill_launcher(run: RecipeRun, random: Random) -> str | None:
    """Kill the process of tools/pipeline.py only."""
    return _signal_one(run, random, lambda: [run.launcher.pid], signal.SIGKILL)


def kill_all(run: RecipeRun, random: Random) -> str | None:
    """Kill all processes of the recipe, as a machine does that goes down."""
    run.kill_all()
    return 'all processes'


def _signal_one(run: RecipeRun, random: Random, find: Callable[[], list[int]], number: int) -> str | None:
    """Send a signal to one of some processes as soon as there is one; None if the run ends before."""
    while run.is_running():
        if found := find():
            process = random.choice(sorted(found))
            with suppress(ProcessLookupError):
                os.kill(process, number)
                return f'process {process}'
        time.sleep(SECONDS_TO_POLL)
    return None
