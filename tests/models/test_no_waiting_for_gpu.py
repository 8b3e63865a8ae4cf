"""No loss reads a value while a step is computed: for that the CPU would wait until a GPU has finished its work.

Fake tensors have shapes but no values, so that reading one is an error. Left out are Mask R-CNN, which learns from as
many regions as there are, and DeepLab, where mmseg's accuracy picks the known pixels. BESTIE is tried before its
refinement begins, which counts instances.
"""

from pathlib import Path

import pytest
import torch
from loss_batches import KINDS, build_model, make_batch
from mmengine.registry import DefaultScope
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode

from projects.wsis.structures import finite_maps

TORCH_VERSION = tuple(map(int, torch.__version__.split('.')[:2]))
READERS = ('tiny_deeplab', 'mask-rcnn_r18_6e_demo')


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    monkeypatch.setattr(DefaultScope, '_instance_dict', DefaultScope._instance_dict.copy())
    # on a CPU all maps are looked at for numbers that are not finite, on a GPU in some steps only
    monkeypatch.setattr(finite_maps, 'QUICK_DEVICES', ())


def fake_samples(mode: FakeTensorMode, samples: list) -> None:
    """Replace the tensors of samples, and of their pixel data, by fake ones."""
    for sample in samples:
        for name, value in list(sample.items()):
            owner, pairs = (sample, [(name, value)]) if torch.is_tensor(value) else (value, list(value.items()))
            for key, tensor in pairs:
                setattr(owner, key, mode.from_tensor(tensor))


@pytest.mark.parametrize('amp', [False, True], ids=['float32', 'autocast'])
@pytest.mark.parametrize('name', [name for name in KINDS if Path(name).stem not in READERS])
def test_a_step_waits_for_no_gpu(name, amp):
    model = build_model(name)
    batch = make_batch(model, KINDS[name])
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        fake_samples(mode, batch['data_samples'])
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=amp):
            losses = model(mode.from_tensor(batch['inputs']), batch['data_samples'], mode='loss')
        losses = [value for key, value in losses.items() if key.startswith('loss')]
        sum(losses).backward()
    assert losses and all(value.dtype == torch.float32 for value in losses)


@pytest.mark.skipif(TORCH_VERSION < (2, 6), reason='a fake tensor of this torch has no list of several dimensions')
def test_a_value_that_is_read_is_found(monkeypatch):
    model = build_model('tiny_seam.py')
    batch = make_batch(model, 'tags')
    monkeypatch.setattr(finite_maps, 'QUICK_DEVICES', ('cpu',))
    with FakeTensorMode(allow_non_fake_inputs=True) as mode, pytest.raises(DataDependentOutputException):
        model(mode.from_tensor(batch['inputs']), batch['data_samples'], mode='loss')
