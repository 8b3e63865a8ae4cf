"""A Runner with the hook loads safely and saves atomically while it runs, and leaves mmengine as it was."""

import gc
import sys
import uuid
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.fileio import get_file_backend
from mmengine.fileio.backends import backends, prefix_to_backends
from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import CheckpointLoader, Runner

from projects.wsis.engine import AtomicLocalBackend, safe_checkpoint
from projects.wsis.engine.mmengine_names import read_loaders

pytestmark = pytest.mark.usefixtures('earlier_runs_ended')

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'tools'))
TINY_CONFIG = Path(__file__).resolve().parents[2] / 'tools' / 'tiny_config.py'


class Watch(Hook):
    """Notes how mmengine loads and saves in the middle of a run, or stops it."""

    def __init__(self, fails: bool = False) -> None:
        self.fails, self.loader, self.backend = fails, None, None

    def before_train_epoch(self, runner: Runner) -> None:
        self.loader = CheckpointLoader._get_checkpoint_loader('a.pth')
        self.backend = next(hook for hook in runner.hooks if isinstance(hook, CheckpointHook)).file_backend
        if self.fails:
            raise ZeroDivisionError


def make_runner(work_dir: Path, watch: Watch, **options) -> Runner:
    cfg = Config.fromfile(str(TINY_CONFIG))
    cfg.work_dir, cfg.experiment_name = str(work_dir), uuid.uuid4().hex
    cfg.merge_from_dict(options)
    runner = Runner.from_cfg(cfg)
    runner.register_hook(watch)
    return runner


def test_during_a_run_only(tmp_path):
    loaders, own = read_loaders(), (backends['local'], prefix_to_backends[''])
    watch = Watch()
    runner = make_runner(tmp_path, watch)
    assert read_loaders() == loaders
    runner.train()
    assert watch.loader.__module__ == safe_checkpoint.__name__
    assert isinstance(watch.backend, AtomicLocalBackend)
    assert read_loaders() == loaders and (backends['local'], prefix_to_backends['']) == own
    assert not isinstance(get_file_backend(str(tmp_path)), AtomicLocalBackend)
    runner.test()
    assert read_loaders() == loaders


def test_a_run_that_fails_ends_when_its_runner_is_gone(tmp_path):
    loaders = read_loaders()
    runner = make_runner(tmp_path, Watch(fails=True))
    with pytest.raises(ZeroDivisionError):
        runner.train()
    assert read_loaders() != loaders
    del runner
    gc.collect()
    assert read_loaders() == loaders


def test_another_backend_and_addresses_stay(tmp_path):
    class Other(AtomicLocalBackend):
        pass

    backends['other'] = Other
    try:
        watch = Watch()
        make_runner(tmp_path, watch, **{'default_hooks.checkpoint.backend_args': dict(backend='other')}).train()
        assert isinstance(watch.backend, Other)
    finally:
        del backends['other']
    runner = make_runner(tmp_path, Watch(), **{'default_hooks.checkpoint.out_dir': 's3://bucket/run'})
    hook = next(hook for hook in runner.hooks if isinstance(hook, CheckpointHook))
    next(hook for hook in runner.hooks if type(hook).__name__ == 'SafeFilesHook').before_run(runner)
    assert hook.backend_args is None
    runner.call_hook('after_run')


def test_the_config_in_an_old_checkpoint_is_not_run(tmp_path):
    """mmengine runs `meta['config']` as Python when it resumes."""
    make_runner(tmp_path / 'first', Watch(), **{'default_hooks.checkpoint.interval': 1}).train()
    checkpoint = torch.load(tmp_path / 'first/epoch_1.pth', weights_only=False)
    checkpoint['meta']['config'] = f'open({str(tmp_path / "marker")!r}, "w")'
    torch.save(checkpoint, tmp_path / 'hostile.pth')
    runner = make_runner(tmp_path / 'second', Watch(), load_from=str(tmp_path / 'hostile.pth'), resume=True)
    runner.train()
    assert runner.epoch == 2 and not (tmp_path / 'marker').exists()
