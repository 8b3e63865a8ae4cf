"""Doing one thing with many files in several processes, with a bar that moves."""

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, nullcontext
from multiprocessing import forkserver
from multiprocessing.context import BaseContext
from typing import TypeVar

from tqdm import tqdm

from ..apis.devices import available_cores
from ..apis.environment_variables import environment_variables
from ..structures.photo_file import LARGE_PIXELS

Job = TypeVar('Job')
Result = TypeVar('Result')
FILES_PER_TASK = 8
FEWEST_FILES_FOR_PROCESSES = 200  # a guess: starting processes takes seconds of imports
_large_lock: AbstractContextManager | None = None


def map_files(
    function: Callable[[str], Result], paths: Sequence[str], processes: int | None = None, title: str = ''
) -> dict[str, Result]:
    """Return ``{path: function(path)}``, with a progress bar on stderr where that is a terminal.

    Args:
        function: A function of a module, which raises nothing.
        paths: The files, each one once.
        processes: How many processes work at once (default: one per core; few files are done in this one).
        title: What the bar calls the files.

    Raises:
        ValueError: If a process was killed, most likely for the memory that it took.
    """
    return dict(zip(paths, map_jobs(function, paths, processes, title), strict=True))


def map_jobs(
    function: Callable[[Job], Result],
    jobs: Sequence[Job],
    processes: int | None = None,
    title: str = '',
    most: int | None = None,
) -> Iterator[Result]:
    """Yield ``function(job)`` of each job in order, with a progress bar on stderr where that is a terminal.

    Args:
        function: A function of a module; what it raises is raised here, and ends the work.
        jobs: What it is called with.
        processes: As in :func:`map_files`.
        title: What the bar calls the jobs.
        most: Where nobody has chosen a number of processes, the largest one.

    Raises:
        ValueError: If a process was killed, most likely for the memory that it took.
    """
    count = min(available_cores(), most or available_cores()) if processes is None else processes
    bar = dict(total=len(jobs), desc=title, unit='file', leave=False, disable=None)
    if count <= 1 or (processes is None and len(jobs) < FEWEST_FILES_FOR_PROCESSES):
        yield from tqdm(map(function, jobs), **bar)
        return
    context = choose_context(function.__module__)
    shared = dict(initializer=_share_lock, initargs=(context.Lock(),))
    try:
        with ProcessPoolExecutor(count, mp_context=context, **shared) as pool:
            yield from tqdm(pool.map(function, jobs, chunksize=FILES_PER_TASK), **bar)
    except BrokenProcessPool:
        raise ValueError(
            'a process that checked photos was killed, most likely for lack of memory: free some memory, or use '
            '--processes 1 if the command has this option'
        ) from None


def choose_context(module: str) -> BaseContext:
    """Return how processes start: forked from a process without threads that has imported a module already.

    Forked from this one, they might wait for ever for a lock that a thread of torch, OpenCV or the progress bar held.
    """
    if 'forkserver' not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context('spawn')
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload([module])
    with environment_variables(dict(PYTHONPATH=os.pathsep.join(filter(None, sys.path)), PYTHONSAFEPATH='1')):
        forkserver.ensure_running()  # it is not told where modules lie, and takes those of the current folder
    return context


def take_turns(pixels: int) -> AbstractContextManager:
    """Return what a job of :func:`map_jobs` holds while it works on a picture, so that large ones take turns.

    So the memory does not grow with the cores where it would be much: decoding takes up to ten bytes per pixel.

    Args:
        pixels: Of the picture.
    """
    return _large_lock if _large_lock is not None and pixels > LARGE_PIXELS else nullcontext()


def _share_lock(lock: AbstractContextManager) -> None:
    global _large_lock
    _large_lock = lock
