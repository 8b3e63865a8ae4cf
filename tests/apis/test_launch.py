"""Leaving the process group."""

import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from mmengine.config import Config
from tiny_chain.processes import call_in_ranks

from projects.wsis.apis.launch import apply_show, finish

TORCH_VERSION = tuple(map(int, torch.__version__.split('.')[:2]))


class Owner:
    """Holds a wrapped model and, as mmengine's Runner does, itself by way of its parts."""

    def __init__(self):
        self.model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(2, 2))
        self.owner = self


def gloo_threads() -> list[str]:
    names = (path.read_text().strip() for path in Path('/proc/self/task').glob('*/comm'))
    return [name for name in names if 'gloo' in name]


def train_and_leave(rank: int, rendezvous: str) -> None:
    dist.init_process_group('gloo', init_method=f'file://{rendezvous}', rank=rank, world_size=2)
    Owner().model(torch.ones(1, 2)).sum().backward()
    assert gloo_threads()
    finish()
    assert not dist.is_initialized()
    assert gloo_threads() == []


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='names of threads are read from /proc')
@pytest.mark.skipif(TORCH_VERSION < (2, 6), reason='the threads have no names yet')
def test_no_thread_of_the_group_lives_on_after_it_was_left(tmp_path):
    call_in_ranks(train_and_leave, tmp_path / 'rendezvous')


def test_one_process_has_no_group_to_leave():
    finish()
    assert not dist.is_initialized()


def test_windows_are_asked_for_before_anything_runs(monkeypatch):
    monkeypatch.setattr('sys.platform', 'linux')
    monkeypatch.delenv('DISPLAY', raising=False)
    monkeypatch.delenv('WAYLAND_DISPLAY', raising=False)
    cfg = Config(dict(default_hooks=dict(visualization=dict(type='DetVisualizationHook'))))
    with pytest.raises(ValueError, match='there is no display'):
        apply_show(cfg, show=True, show_dir=None)
    apply_show(cfg, show=False, show_dir='pictures')
    assert cfg.default_hooks.visualization.test_out_dir == 'pictures' and 'show' not in cfg.default_hooks.visualization
