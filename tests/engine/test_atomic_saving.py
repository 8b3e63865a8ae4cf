"""A run killed while it saves leaves nothing half-written that would be trusted."""

import multiprocessing
import os
import resource
import shutil
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.fileio import LocalBackend, get_file_backend
from mmengine.hooks import CheckpointHook
from mmengine.runner import save_checkpoint

from projects.wsis.engine import AtomicLocalBackend, find_latest_checkpoint, load_checkpoint_safely, save_atomically
from projects.wsis.engine.atomic_backend import NAME

pytestmark = pytest.mark.usefixtures('earlier_runs_ended')

SIZE = 400_000  # float32 values


def save_as_a_run(weights: torch.Tensor, path: str) -> None:
    """Save a checkpoint as the hook of a Runner does that loads and saves safely."""
    hook = CheckpointHook()
    save_atomically(SimpleNamespace(hooks=[hook]))
    save_checkpoint(dict(state_dict=dict(a=weights)), path, backend_args=hook.backend_args)


def save_until_killed(path: str) -> None:
    """Save a second checkpoint in a process that the kernel kills once a file of its own has grown half as big."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python ignores it, so that writing would fail politely
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * SIZE, 2 * SIZE))
    save_as_a_run(torch.ones(SIZE), path)


def test_the_atomic_backend_has_a_name_of_its_own(tmp_path):
    save_atomically(SimpleNamespace(hooks=[]))
    assert type(get_file_backend(str(tmp_path / 'a.pth'))) is LocalBackend
    assert type(get_file_backend(backend_args=dict(backend='local'))) is LocalBackend
    backend = get_file_backend(str(tmp_path / 'a.pth'), backend_args=dict(backend=NAME))
    assert isinstance(backend, AtomicLocalBackend)
    backend.put(b'bytes', tmp_path / 'new' / 'a.bin')
    backend.put_text('text é', tmp_path / 'new' / 'a.txt')
    assert (tmp_path / 'new' / 'a.bin').read_bytes() == b'bytes'
    assert (tmp_path / 'new' / 'a.txt').read_text(encoding='utf-8') == 'text é'
    assert sorted(path.name for path in (tmp_path / 'new').iterdir()) == ['a.bin', 'a.txt']


@pytest.mark.parametrize('older', [True, False])
def test_killed_while_saving_leaves_the_older_checkpoint_or_none(tmp_path, older):
    path = tmp_path / 'epoch_1.pth'
    if older:
        save_as_a_run(torch.zeros(SIZE), str(path))
    process = multiprocessing.get_context('spawn').Process(target=save_until_killed, args=(str(path),))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGXFSZ
    half_written = [other for other in tmp_path.iterdir() if other != path]
    assert [other.stat().st_size for other in half_written] == [2 * SIZE]  # it was really killed in the middle
    if older:
        assert find_latest_checkpoint(tmp_path) == path
        assert torch.equal(load_checkpoint_safely(path)['state_dict']['a'], torch.zeros(SIZE))
    else:
        assert find_latest_checkpoint(tmp_path) is None


def test_copied_work_dir_goes_on_from_its_own_checkpoint(tmp_path):
    (tmp_path / 'run').mkdir()
    checkpoint = tmp_path / 'run/epoch_1.pth'
    checkpoint.touch()
    (tmp_path / 'run/last_checkpoint').write_text(str(checkpoint))
    shutil.copytree(tmp_path / 'run', tmp_path / 'copy')
    assert find_latest_checkpoint(tmp_path / 'copy') == tmp_path / 'copy/epoch_1.pth'
    assert find_latest_checkpoint(tmp_path / 'run') == checkpoint


def touch(path: Path, age: float) -> Path:
    path.touch()
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def test_latest_checkpoint(tmp_path):
    assert find_latest_checkpoint(tmp_path) is None
    older = touch(tmp_path / 'epoch_9.pth', age=20)
    newer = touch(tmp_path / 'iter_10.pth', age=10)
    touch(tmp_path / 'best_mAP_epoch_9.pth', age=0)
    touch(tmp_path / '.epoch_11.pth.77.tmp', age=0)
    note = tmp_path / 'last_checkpoint'
    assert find_latest_checkpoint(tmp_path) == newer
    note.write_text(str(older))
    assert find_latest_checkpoint(tmp_path) == older
    note.write_text('')  # killed between opening and writing
    assert find_latest_checkpoint(tmp_path) == newer
    note.write_text('/moved/from/elsewhere/epoch_9.pth')
    assert find_latest_checkpoint(tmp_path) == older
    note.write_text('/moved/from/elsewhere/epoch_77.pth')
    assert find_latest_checkpoint(tmp_path) == newer
