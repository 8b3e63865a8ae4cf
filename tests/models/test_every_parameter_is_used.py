"""Every trained parameter gets a gradient, also from a batch that has nothing of what a loss is made of.

DistributedDataParallel stops a training in which a process has no gradient for a parameter, unless it searches for such
parameters in each step. No config asks for that.
"""

from pathlib import Path

import pytest
import torch
from loss_batches import KINDS, build_model, make_batch
from mmengine.registry import DefaultScope
from tiny_chain.fixtures import CONFIGS
from tiny_chain.processes import ROOT

from projects.wsis.apis.configs import load_config


@pytest.fixture(autouse=True)
def own_scope(monkeypatch):
    monkeypatch.setattr(DefaultScope, '_instance_dict', DefaultScope._instance_dict.copy())


@pytest.mark.parametrize('empty', [False, True], ids=['objects', 'nothing'])
@pytest.mark.parametrize('name', KINDS, ids=lambda name: Path(name).stem)
def test_no_parameter_is_left_without_a_gradient(name, empty):
    model = build_model(name)
    total, losses = model.parse_losses(model(**make_batch(model, KINDS[name], empty), mode='loss'))
    assert torch.isfinite(total), losses
    total.backward()
    trained = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert [name for name, parameter in trained.items() if parameter.grad is None] == []
    assert not load_config(CONFIGS / name).get('find_unused_parameters')
    if not empty:
        assert any(parameter.grad.any() for parameter in trained.values())


def test_no_config_searches_for_unused_parameters():
    configs = [path for path in (ROOT / 'configs').rglob('*.py') if 'find_unused_parameters' in path.read_text()]
    assert configs == []
