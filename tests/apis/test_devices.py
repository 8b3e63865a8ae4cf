"""What a stage sets in its process on a CPU."""

import ctypes
import platform
import subprocess
import sys

import pytest
from mmengine.config import Config
from mmengine.model import MMDistributedDataParallel
from mmengine.registry import MODEL_WRAPPERS

from projects.wsis.apis import devices
from projects.wsis.models.channels_last import ChannelsLastDistributedDataParallel

needs_glibc = pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='another C library has no such setting')

COUNT_FAULTS = """
import resource, runpy, sys
import torch
from mmengine.config import Config
from mmengine.model import MMDistributedDataParallel
from mmengine.registry import MODEL_WRAPPERS

devices = runpy.run_path(sys.argv[1])  # the file alone: the package takes seconds to import
devices['setup_environment_for_launch'](Config(dict(keep_freed_memory=sys.argv[2] == 'keep')))
for _ in range(20):  # until the heap has grown to what is needed
    torch.zeros(2**24)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    torch.zeros(2**24)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def count_faults(choice: str) -> int:
    """Return how often the system had to hand out pages for ten maps of 64 MB, one after the other."""
    script = [sys.executable, '-c', COUNT_FAULTS, devices.__file__, choice]
    return int(subprocess.run(script, capture_output=True, text=True, check=True).stdout.split()[-1])


@needs_glibc
def test_freed_memory_is_used_again():
    assert count_faults('keep') < count_faults('return') / 2


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
