"""Batch norms of pooled maps take a batch of one photo; other batches are as they were."""

import copy
from types import SimpleNamespace

import pytest
import torch
from mmengine.registry import MODELS, DefaultScope, init_default_scope
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import nn

from projects.wsis.engine.hooks import SingleValueNormHook
from projects.wsis.engine.hooks import single_value_norm_hook as module

LOSS = dict(type='CrossEntropyLoss')
SHARED = dict(in_channels=8, channels=4, num_classes=3, norm_cfg=dict(type='BN'), loss_decode=LOSS)
HEADS = [
    dict(type='DepthwiseSeparableASPPHead', dilations=(1, 2), c1_in_channels=8, c1_channels=4, **SHARED),
    dict(type='ASPPHead', dilations=(1, 2), **SHARED),
    dict(type='PSPHead', pool_scales=(1, 2), **SHARED),
]


@pytest.fixture(autouse=True)
def mmseg_scope(monkeypatch):
    monkeypatch.setattr(DefaultScope, '_instance_dict', DefaultScope._instance_dict.copy())
    init_default_scope('mmseg')
    torch.manual_seed(0)


def lose(head, count):
    features = torch.randn(count, 8, 6, 6, generator=torch.Generator().manual_seed(0))
    samples = [SegDataSample(gt_sem_seg=PixelData(data=torch.ones(1, 24, 24).long())) for _ in range(count)]
    return head.loss((features,) * 4, samples, {})['loss_ce']


@pytest.mark.parametrize('settings', HEADS, ids=[settings['type'] for settings in HEADS])
def test_batch_of_one_photo(settings, monkeypatch):
    lines = []
    monkeypatch.setattr(module, 'print_log', lambda message, *_: lines.append(message))
    head = MODELS.build({**settings, 'type': f'mmseg.{settings["type"]}'}).train()
    plain = copy.deepcopy(head)
    with pytest.raises(ValueError, match='more than 1 value per channel'):
        lose(plain, 1)
    SingleValueNormHook().before_train(SimpleNamespace(model=head))
    loss = lose(head, 1) + lose(head, 1)
    loss.backward()
    assert loss.isfinite() and all(parameter.grad.isfinite().all() for parameter in head.parameters())
    assert all(part.training for part in head.modules())
    assert len(lines) == 1 and 'batch of one photo' in lines[0] and 'batch_size of 2' in lines[0]


def test_other_batches_are_as_they_were():
    norm = nn.BatchNorm2d(4)
    plain = copy.deepcopy(norm)
    SingleValueNormHook().before_train(SimpleNamespace(model=nn.Sequential(norm)))
    for maps in (torch.randn(2, 4, 1, 1), torch.randn(1, 4, 1, 2)):
        assert torch.equal(norm(maps), plain(maps))
    assert torch.equal(norm.running_var, plain.running_var)
