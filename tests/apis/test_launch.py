"""Leaving the process group."""

import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from tiny_chain.processes import call_in_ranks

from projects.wsis.apis.launch import finish


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
def test_no_thread_of_the_group_lives_on_after_it_was_left(tmp_path):
    call_in_ranks(train_and_leave, tmp_path / 'rendezvous')


def test_one_process_has_no_group_to_leave():
    finish()
    assert not dist.is_initialized()
