"""No loss reads a value while a step is computed: for that the CPU would wait until a GPU has finished its work.

Fake tensors have shapes but no values, so that reading one is an error. Three things that do wait are left out:

- Mask R-CNN, which learns from as many regions as there are;
- the accuracy that mmseg logs beside the losses of a DeepLab, for which it picks the known pixels;
- BESTIE's refinement, which counts instances: it is tried before that begins.
"""

from pathlib import Path

import pytest
import torch
from loss_batches import KINDS, build_model, make_batch
from mmengine.registry import MODELS, DefaultScope, init_default_scope
from torch import nn
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode

from projects.wsis.apis.configs import load_config
from projects.wsis.structures import finite_maps

TORCH_VERSION = tuple(map(int, torch.__version__.split('.')[:2]))
READERS = ('mask-rcnn_r18_6e_demo',)
# a narrow network for the decode heads and losses of the shipped DeepLabs
NARROW = dict(type='mmdet.ResNet', depth=18, base_channels=8, strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4))
DEEPLABS = ('v1_r101', 'v2_r101', 'v2-eps_r101', 'v2-ppc_r101', 'v3plus_r101')
ACCURACIES = (
    'mmseg.models.decode_heads.decode_head.accuracy',
    'projects.wsis.models.segmentors.multi_scale_segmentor.accuracy',
)


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    monkeypatch.setattr(DefaultScope, '_instance_dict', DefaultScope._instance_dict.copy())
    # on a CPU all maps are looked at for numbers that are not finite, on a GPU in some steps only
    monkeypatch.setattr(finite_maps, 'QUICK_DEVICES', ())
    for accuracy in ACCURACIES:
        monkeypatch.setattr(accuracy, lambda maps, labels, **settings: maps.new_zeros(1))


def fake_samples(mode: FakeTensorMode, samples: list) -> None:
    """Replace the tensors of samples, and of their pixel data, by fake ones."""
    for sample in samples:
        for name, value in list(sample.items()):
            owner, pairs = (sample, [(name, value)]) if torch.is_tensor(value) else (value, list(value.items()))
            for key, tensor in pairs:
                setattr(owner, key, mode.from_tensor(tensor))


def check_that_no_value_is_read(model: nn.Module, batch: dict, amp: bool) -> None:
    """Compute the losses of a batch and their gradients, in float32 or in mixed precision, without any values."""
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        fake_samples(mode, batch['data_samples'])
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=amp):
            losses = model(mode.from_tensor(batch['inputs']), batch['data_samples'], mode='loss')
        losses = [value for key, value in losses.items() if 'loss' in key]
        sum(losses).backward()
    assert losses and all(value.dtype == torch.float32 for value in losses)


@pytest.mark.parametrize('amp', [False, True], ids=['float32', 'autocast'])
@pytest.mark.parametrize('name', [name for name in KINDS if Path(name).stem not in READERS])
def test_a_step_waits_for_no_gpu(name, amp):
    model = build_model(name)
    check_that_no_value_is_read(model, make_batch(model, KINDS[name]), amp)


def build_deeplab(name: str) -> nn.Module:
    """Build the DeepLab of a shipped config on a narrow network, in training mode."""
    cfg = load_config(f'configs/deeplab/deeplab-{name}_20k_voc2012.py')
    init_default_scope(cfg.default_scope)
    levels = cfg.model.backbone.out_indices
    cfg.model.backbone = dict(NARROW, out_indices=levels)
    cfg.model.decode_head.in_channels = 64
    if len(levels) > 1:
        cfg.model.decode_head.c1_in_channels = 8
    torch.manual_seed(0)
    return MODELS.build(cfg.model).train()


@pytest.mark.parametrize('amp', [False, True], ids=['float32', 'autocast'])
@pytest.mark.parametrize('name', DEEPLABS)
def test_losses_of_deeplab_wait_for_no_gpu(name, amp):
    model = build_deeplab(name)
    check_that_no_value_is_read(model, make_batch(model, 'labels'), amp)


@pytest.mark.skipif(TORCH_VERSION < (2, 6), reason='a fake tensor of this torch has no list of several dimensions')
def test_a_value_that_is_read_is_found(monkeypatch):
    model = build_model('tiny_seam.py')
    batch = make_batch(model, 'tags')
    monkeypatch.setattr(finite_maps, 'QUICK_DEVICES', ('cpu',))
    with FakeTensorMode(allow_non_fake_inputs=True) as mode, pytest.raises(DataDependentOutputException):
        model(mode.from_tensor(batch['inputs']), batch['data_samples'], mode='loss')
