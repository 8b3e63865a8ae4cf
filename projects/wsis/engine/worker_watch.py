"""Watching the workers that load data: which image each of them is reading, and that none of them hangs for ever."""

import multiprocessing
import os
import re
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.sharedctypes import RawArray
from typing import Any

from mmengine.runner import Runner
from torch.utils.data import DataLoader, get_worker_info

from .child_signals import ChildSignals
from .parent_process import end_with_parent
from .waiting_clock import ERRORS_OF_LOST_WORKERS, WaitingClock

SECONDS_TO_WAIT = 600  # for one batch; a setting `worker_timeout` of the config is taken instead
SECONDS_TO_DIE = 5  # longer only where a disk does not answer
# how torch words that a worker is gone, or has not answered for as long as a dataloader's own setting `timeout` says
KILLED = re.compile(r'DataLoader worker \(pid\(?s?\)? ([\d, ]+)\) (?:is killed by signal: ([^.]*)|exited unexpectedly)')
HANGING = re.compile(r'DataLoader timed out after ([\d.]+) seconds')
MULTIPROCESSING = os.path.join('', 'multiprocessing', '')
DATALOADER = os.path.join('torch', 'utils', 'data', 'dataloader.py')
ENTRIES = 3  # process, data set, index of the image
NOTHING = -1


class WorkerWatch:
    """What the workers of the dataloaders of one run are doing, noted in memory that they share with it.

    Args:
        timeout: Seconds after which a batch that has not come ends the run.

    Attributes:
        child_signals: Keeps a second error from coming once a worker was lost.
    """

    def __init__(self, timeout: float = SECONDS_TO_WAIT) -> None:
        self.timeout = timeout
        self.child_signals = ChildSignals()
        self._loaders: list[DataLoader] = []
        self._datasets: list[Any] = []
        self._notes: list[Any] = []
        self._clock = WaitingClock(timeout, self.child_signals.put_off)

    def watch(self, loader: DataLoader) -> None:
        """Watch the workers of a dataloader; it must not have started them yet."""
        if not loader.num_workers:
            return
        self._clock.watch(loader)
        self._loaders.append(loader)
        notes = RawArray('q', [NOTHING] * (ENTRIES * loader.num_workers))
        self._notes.append(notes)
        for dataset in _find_datasets(loader.dataset):
            dataset.prepare_data = _NotedReading(dataset.prepare_data, notes, len(self._datasets))
            self._datasets.append(dataset)

    def end_workers(self) -> None:
        """End the workers that dataloaders have kept (``persistent_workers``).

        A dataloader that is collected as garbage, after what it would tell them with, waits five seconds for each.
        """
        for loader in self._loaders:
            if loader._iterator is not None:
                loader._iterator._shutdown_workers()

    def explain(self, error: Exception) -> str | None:
        """Return one line on a worker that was killed or hangs; None for other errors."""
        if self._clock.has_killed or HANGING.search(str(error)):
            return (
                f'no batch has come for {self.timeout:g} seconds; a process that loads data hangs'
                f'{self._name_images()}: look at the disk that it is on, and run the same command again: it goes on '
                '(worker_timeout of the config sets the time)'
            )
        match = KILLED.search(str(error))
        if match is None and not _lost_connection(error):
            return None
        processes = {int(number) for number in match[1].split(',')} if match else self._find_dead()
        reason = f' ({match[2]})' if match and match[2] else ''
        return (
            f'a process that loads data was killed{reason}{self._name_images(processes)}, most likely for lack of '
            'memory: free some, or use fewer such processes (--cfg-options train_dataloader.num_workers=1), and '
            'run the same command again: it goes on'
        )

    def _find_dead(self) -> set[int]:
        """Return those workers that have died; one whose connection was lost may still be about to."""
        noted = {process for notes in self._notes for process in notes[::ENTRIES] if process != NOTHING}
        end = time.monotonic() + SECONDS_TO_DIE
        while not (dead := noted - {worker.pid for worker in multiprocessing.active_children()}):
            if time.monotonic() > end:
                break
            time.sleep(0.01)
        return dead

    def _name_images(self, processes: set[int] | None = None) -> str:
        """Return which images these processes (all of them without an argument) are reading, for a message."""
        rows = [notes[start : start + ENTRIES] for notes in self._notes for start in range(0, len(notes), ENTRIES)]
        images = [
            str(self._datasets[dataset].get_data_info(index).get('img_path', index))
            for process, dataset, index in rows
            if index != NOTHING and (processes is None or process in processes)
        ]
        return f' while it read {" or ".join(images)}' if images else ''


class _NotedReading:
    """Stands for ``prepare_data`` of a data set, and notes which image a worker is about to read."""

    def __init__(self, read: Callable[[int], Any], notes: Any, dataset: int) -> None:
        self.read = read
        self.notes = notes
        self.dataset = dataset

    def __call__(self, index: int) -> Any:
        worker = get_worker_info()
        if worker is None:
            return self.read(index)
        start = ENTRIES * worker.id
        if self.notes[start] != os.getpid():  # its first image
            end_with_parent()
        self.notes[start : start + ENTRIES] = [os.getpid(), self.dataset, index]
        try:
            return self.read(index)
        finally:
            self.notes[start + ENTRIES - 1] = NOTHING


def watch_workers(runner: Runner) -> WorkerWatch:
    """Let a Runner watch the workers of all dataloaders that it builds from now on."""
    watch, build = WorkerWatch(runner.cfg.get('worker_timeout', SECONDS_TO_WAIT)), runner.build_dataloader

    def build_watched(*arguments: Any, **settings: Any) -> DataLoader:
        loader = build(*arguments, **settings)
        watch.watch(loader)
        return loader

    runner.build_dataloader = build_watched
    return watch


@contextmanager
def report_lost_workers(watch: WorkerWatch) -> Iterator[None]:
    """Turn what torch says of a worker that was killed or hangs into one line; in the end no worker is left.

    Raises:
        ValueError: In the place of errors of torch and of multiprocessing.
    """
    with watch.child_signals:
        try:
            yield
            watch.end_workers()
        except ERRORS_OF_LOST_WORKERS as error:
            watch.child_signals.put_off()
            line = watch.explain(error)
            if line is None:
                raise
            for worker in multiprocessing.active_children():  # Python would wait at its end for one that hangs
                worker.kill()
                worker.join(SECONDS_TO_DIE)
            raise ValueError(line) from None


def _lost_connection(error: Exception) -> bool:
    """Tell whether what a worker had sent could not be fetched, as it was gone before torch noticed."""
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    is_of_connection = isinstance(error, (OSError, EOFError)) and any(MULTIPROCESSING in file for file in files)
    return is_of_connection and any(file.endswith(DATALOADER) for file in files)


def _find_datasets(dataset: Any) -> Iterator[Any]:
    """Yield the data sets inside wrappers that read images on their own."""
    inner = [*getattr(dataset, 'datasets', ()), *([dataset.dataset] if hasattr(dataset, 'dataset') else [])]
    for one in inner:
        yield from _find_datasets(one)
    if not inner and hasattr(dataset, 'prepare_data') and hasattr(dataset, 'get_data_info'):
        yield dataset
