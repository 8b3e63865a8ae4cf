"""Gradients accumulated over iterations: the steps of a whole batch, in one process and two, resumed, and scaled."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from tiny_chain.processes import TESTS, run_tool, run_tool_in_ranks

from projects.wsis.apis.auto_scale_lr import apply_auto_scale_lr
from projects.wsis.engine import load_checkpoint_safely

BASE = TESTS / 'tools' / 'tiny_config.py'
# the samples in order, each of them of like weight: steps depend on nothing but which samples they see
FIXED = (
    f'_base_ = {str(BASE)!r}\nmodel = dict(frozen_norm=True)\nrandomness = dict(seed=0)\nparam_scheduler = []\n'
    'train_dataloader = dict(sampler=dict(shuffle=False))\n'
)
TWICE = ['optim_wrapper.accumulative_counts=2', 'train_dataloader.batch_size=2']


@pytest.fixture(scope='module')
def train(demo_root, tmp_path_factory):
    """Function: work dir, settings, further arguments, processes -> weights after two epochs."""
    folder = tmp_path_factory.mktemp('accumulation')
    (folder / 'config.py').write_text(FIXED)

    def run(name: str, settings: list[str], *arguments: object, processes: int = 1, epochs: int = 2) -> dict:
        settings = ['--cfg-options', f'train_cfg.max_epochs={epochs}', *settings]
        command = ['train.py', folder / 'config.py', '--work-dir', name, *arguments, *settings]
        if processes == 1:
            result = run_tool(None, folder, *command)
        else:
            result = run_tool_in_ranks(demo_root, folder, processes, *command)
        assert result.status == 0, result.tail
        return load_checkpoint_safely(Path(folder, name, f'epoch_{epochs}.pth'))['state_dict']

    return run


@pytest.fixture(scope='module')
def whole(train):
    """Weights of two epochs in batches of 4."""
    return train('whole', [])


def differ(found: dict, expected: dict) -> float:
    return max(float((found[name] - value).abs().max()) for name, value in expected.items())


def test_steps_are_those_of_the_whole_batch(train, whole):
    assert differ(train('halves', TWICE), whole) < 1e-6
    assert differ(train('small', TWICE[1:]), whole) > 1e-3, 'without accumulation there are other steps'


def test_steps_of_two_processes_are_too(train, whole):
    assert differ(train('two', TWICE, '--share-batch', processes=2), whole) < 1e-6


def test_resumed_training_goes_on(train, whole):
    train('resumed', TWICE, epochs=1)
    assert differ(train('resumed', TWICE, '--resume'), whole) < 1e-6


def test_scaled_rate_is_that_of_the_batch_of_a_step(train, whole):
    base = 'auto_scale_lr.base_batch_size=4'
    assert differ(train('scaled', [*TWICE, 'auto_scale_lr.enable=False', base], '--auto-scale-lr'), whole) < 1e-6
    cfg = Config(dict(auto_scale_lr=dict(base_batch_size=5), optim_wrapper=dict(accumulative_counts=2)))
    apply_auto_scale_lr(cfg)
    assert cfg.auto_scale_lr == dict(enable=True, base_batch_size=2.5)


def test_weights_are_not_trivial(whole):
    assert all(torch.isfinite(value).all() for value in whole.values()) and whole['linear.weight'].abs().max() > 0.01
