"""A worker that is killed or hangs ends the run in one line, which names the image that it was reading."""

import multiprocessing
import os
import signal
import time
from types import SimpleNamespace

import pytest
from mmengine.dataset import BaseDataset, ConcatDataset
from torch.utils.data import DataLoader
from torch.utils.data._utils import signal_handling

from projects.wsis.engine.worker_watch import WorkerWatch, report_lost_workers, watch_workers


class Photos(BaseDataset):
    """Photos of which one does something to the worker that reads it."""

    def __init__(self, act, folder='photos'):
        self.act, self.folder = act, folder
        super().__init__(serialize_data=False)

    def load_data_list(self):
        return [dict(img_path=f'{self.folder}/{number}.jpg') for number in range(6)]

    def prepare_data(self, index):
        if index == 4:
            self.act()
        return index


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def stand_still():
    os.kill(os.getpid(), signal.SIGSTOP)


def fail():
    raise RuntimeError('something else')


def read_all(dataset, timeout=60, workers=2):
    watch = WorkerWatch(timeout)
    loader = DataLoader(dataset, num_workers=workers)
    watch.watch(loader)
    with report_lost_workers(watch):
        return [int(batch) for batch in loader]


def test_undisturbed_images_come_in_order_with_and_without_workers():
    assert read_all(Photos(int)) == read_all(Photos(int), workers=0) == list(range(6))


def test_workers_that_are_kept_end_with_the_run():
    watch = WorkerWatch()
    loader = DataLoader(Photos(int), num_workers=2, persistent_workers=True)
    watch.watch(loader)
    with report_lost_workers(watch):
        assert len(list(loader)) == len(list(loader)) == 6
        assert len(multiprocessing.active_children()) == 2
    assert not multiprocessing.active_children()


def test_killed_worker_is_one_line_with_its_image():
    with pytest.raises(ValueError, match=r'was killed.* while it read photos/4\.jpg, .*it goes on') as caught:
        read_all(Photos(kill))
    assert '\n' not in str(caught.value) and not multiprocessing.active_children()


@pytest.mark.parametrize('act', [stand_still, lambda: time.sleep(600)])
def test_hanging_worker_is_one_line_with_its_image_and_does_not_keep_the_process(act):
    began = time.monotonic()
    with pytest.raises(ValueError, match=r'no batch has come for 2 seconds; .* while it read photos/4\.jpg') as caught:
        read_all(Photos(act), timeout=2)
    assert '\n' not in str(caught.value)
    for worker in multiprocessing.active_children():
        worker.join(10)
    assert not multiprocessing.active_children() and time.monotonic() - began < 30


def test_image_of_a_joined_data_set_is_named():
    joined = ConcatDataset([Photos(int, 'a'), Photos(kill, 'b')])
    with pytest.raises(ValueError, match=r'while it read b/4\.jpg'):
        read_all(joined)


def test_worker_that_reads_nothing_is_told_without_an_image():
    watch = WorkerWatch()
    assert 'while it read' not in watch.explain(RuntimeError('DataLoader worker (pid 7) is killed by signal: Killed. '))
    assert watch.explain(RuntimeError('DataLoader worker (pid(s) 7, 8) exited unexpectedly')) is not None


def test_other_errors_pass():
    with pytest.raises(RuntimeError, match='something else'):
        read_all(Photos(fail))


def test_runner_waits_as_long_as_the_config_says():
    runner = SimpleNamespace(cfg=dict(worker_timeout=2), build_dataloader=lambda settings: DataLoader(**settings))
    watch = watch_workers(runner)
    loader = runner.build_dataloader(dict(dataset=Photos(stand_still), num_workers=1))
    with pytest.raises(ValueError, match='no batch has come for 2 seconds'), report_lost_workers(watch):
        list(loader)


def test_worker_that_dies_before_torch_listens_is_noticed_soon(monkeypatch):
    """Else it would take as long as for one that hangs."""
    began = time.monotonic()
    monkeypatch.setattr(signal_handling, '_set_SIGCHLD_handler', lambda: None)
    with pytest.raises(ValueError, match='was killed'):
        read_all(Photos(kill))
    assert time.monotonic() - began < 30


def test_signal_that_comes_after_a_lost_connection_raises_nothing_more():
    loader, watch = DataLoader(Photos(int), num_workers=1), WorkerWatch()
    make = loader._get_iterator

    def make_lost():
        iterator = make()
        iterator._get_data = lose
        return iterator

    def lose():
        handler = signal.signal(signal.SIGCHLD, lambda *_: None)
        for worker in multiprocessing.active_children():
            worker.kill()
            os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
        signal.signal(signal.SIGCHLD, handler)
        raise EOFError

    loader._get_iterator = make_lost
    watch.watch(loader)
    with pytest.raises(EOFError), report_lost_workers(watch):
        try:
            list(loader)
        finally:
            signal.raise_signal(signal.SIGCHLD)  # late
    assert callable(signal.getsignal(signal.SIGCHLD))  # the next run hears of its workers


def test_slow_steps_between_batches_are_no_waiting():
    watch = WorkerWatch(1)
    loader = DataLoader(Photos(int), num_workers=1)
    watch.watch(loader)
    with report_lost_workers(watch):
        for batch in loader:
            time.sleep(2.5 if batch == 0 else 0)
