"""What a stage sets in its process on a CPU."""

import ctypes
import os
import platform
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.model import MMDistributedDataParallel
from mmengine.registry import MODEL_WRAPPERS

from projects.wsis import freed_memory
from projects.wsis.apis import devices
from projects.wsis.models.channels_last import ChannelsLastDistributedDataParallel

needs_glibc = pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='another C library has no such setting')

COUNT_FAULTS = """
import resource, runpy, sys
import torch

memory = runpy.run_path(sys.argv[1])  # the file alone: the package takes seconds to import
if sys.argv[2] != 'return':
    memory['keep_freed_memory']()
if sys.argv[2] == 'large':
    context = memory['give_back_large_blocks'](2**20)
    context.__enter__()
if sys.argv[2] == 'after':
    with memory['give_back_large_blocks'](2**20):
        pass
for _ in range(20):  # until the heap has grown to what is needed
    torch.zeros(2**24)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    torch.zeros(2**24)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def count_faults(choice: str) -> int:
    """Return how often the system had to hand out pages for ten maps of 64 MB, one after the other."""
    script = [sys.executable, '-c', COUNT_FAULTS, freed_memory.__file__, choice]
    return int(subprocess.run(script, capture_output=True, text=True, check=True).stdout.split()[-1])


@needs_glibc
def test_freed_memory_is_used_again():
    kept, returned = count_faults('keep'), count_faults('return')
    assert kept < returned / 2
    assert count_faults('large') > returned / 2  # while a large photo is worked on
    assert count_faults('after') < returned / 2


@pytest.mark.parametrize('settings, asked', [({}, 1), (dict(keep_freed_memory=False), 0)])
def test_a_config_chooses_whether_freed_memory_is_kept(monkeypatch, settings, asked):
    calls = []
    monkeypatch.setattr(devices, 'keep_freed_memory', lambda: calls.append(1))
    devices.setup_environment_for_launch(Config(settings))
    assert len(calls) == asked


def test_other_c_libraries_are_left_alone(monkeypatch):
    monkeypatch.setattr(platform, 'libc_ver', lambda: ('', ''))
    monkeypatch.setattr(ctypes, 'CDLL', lambda _: pytest.fail('asked for another C library'))
    devices.setup_environment_for_launch(Config({}))


@pytest.mark.parametrize('settings', [{}, dict(loss_scale='dynamic'), dict(dtype='bfloat16', loss_scale=512.0)])
def test_mixed_precision_becomes_bfloat16(settings):
    cfg = Config(dict(optim_wrapper=dict(type='AmpOptimWrapper', optimizer=dict(type='SGD', lr=0.1), **settings)))
    devices.adapt_to_cpu(cfg)
    assert cfg.optim_wrapper == dict(type='CPUAmpOptimWrapper', optimizer=dict(type='SGD', lr=0.1))


def test_float16_is_refused():
    cfg = Config(dict(optim_wrapper=dict(type='AmpOptimWrapper', dtype='float16')))
    with pytest.raises(ValueError, match="bfloat16 only: optim_wrapper.dtype is 'float16'") as caught:
        devices.adapt_to_cpu(cfg)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('asked', [True, False])
def test_several_processes_lay_out_before_the_model_is_wrapped(asked, monkeypatch):
    monkeypatch.setattr(devices, 'start_gloo', lambda cfg: None)
    cfg = Config(dict(launcher='pytorch', channels_last=asked))
    devices.adapt_to_cpu(cfg)
    kind = MODEL_WRAPPERS.get(cfg.model_wrapper_cfg.type)
    assert issubclass(kind, MMDistributedDataParallel) and (kind is ChannelsLastDistributedDataParallel) == asked


@pytest.mark.parametrize(
    'cores, gpus, gigabytes, expected',
    [(16, 1, 80, 4), (8, 1, 80, 2), (2, 1, 80, 1), (16, 1, 24, 2), (16, 1, 8, 1), (16, 2, 80, 2), (64, 2, 80, 4)],
)
def test_processes_share_a_gpu_where_cores_and_memory_suffice(monkeypatch, cores, gpus, gigabytes, expected):
    memory = dict.fromkeys(range(gpus), gigabytes * 2**30)
    monkeypatch.setattr(devices, 'available_cores', lambda: cores)
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: gpus)
    monkeypatch.setattr(
        torch.cuda, 'get_device_properties', lambda gpu: SimpleNamespace(total_memory=memory[gpu]), raising=False
    )
    assert devices.count_sharing_gpu(gpus) == expected


@pytest.mark.parametrize('processes, shares', [(2, False), (4, True)])
def test_processes_that_share_a_gpu_talk_by_gloo(monkeypatch, processes, shares):
    chosen, started = [], []
    monkeypatch.setattr(devices, 'get_device', lambda: 'cuda')
    monkeypatch.setattr(devices, 'start_gloo', started.append)
    monkeypatch.setattr(devices, 'set_threads', lambda: None)
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 2)
    monkeypatch.setattr(torch.cuda, 'set_device', chosen.append)
    for name, value in dict(LOCAL_WORLD_SIZE=processes, LOCAL_RANK=processes - 1).items():
        monkeypatch.setenv(name, str(value))
    devices.setup_environment_for_launch(Config(dict(launcher='pytorch')))
    assert chosen == ([1] if shares else []) and len(started) == shares
    assert os.environ['LOCAL_RANK'] == '1', 'there are two GPUs'
