"""Doing one thing with many files in several processes, with a bar that moves."""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from tqdm import tqdm

Result = TypeVar('Result')
FILES_PER_TASK = 8
FEWEST_FILES_FOR_PROCESSES = 64  # starting processes takes longer than looking at fewer


def default_processes() -> int:
    """Return how many processes may run at once: the cores that this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_files(
    function: Callable[[str], Result], paths: Sequence[str], processes: int | None = None, title: str = ''
) -> dict[str, Result]:
    """Return ``{path: function(path)}``, with a progress bar on stderr where that is a terminal.

    Args:
        function: A function of a module, which raises nothing.
        paths: The files, each one once.
        processes: How many processes work at once (default: one a core; few files are done in this one).
        title: What the bar calls the files.

    Raises:
        ValueError: If a process was killed, most likely for the memory that it took.
    """
    count = default_processes() if processes is None else processes
    bar = dict(total=len(paths), desc=title, unit='file', leave=False, disable=None)
    if count <= 1 or (processes is None and len(paths) < FEWEST_FILES_FOR_PROCESSES):
        return dict(zip(paths, tqdm(map(function, paths), **bar), strict=True))
    # forked processes start at once; others would import torch and mmdet anew, each for many seconds
    method = 'fork' if 'fork' in multiprocessing.get_all_start_methods() else None
    try:
        with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context(method)) as pool:
            results = pool.map(function, paths, chunksize=FILES_PER_TASK)
            return dict(zip(paths, tqdm(results, **bar), strict=True))
    except BrokenProcessPool:
        raise ValueError(
            'a process that looked at photos was ended, most likely for lack of memory: set --processes 1'
        ) from None
