"""Curves in TensorBoard and at Weights & Biases."""

import pytest
from mmengine.config import Config
from tiny_chain.processes import TESTS, run_tool

from projects.wsis.apis import vis_backends
from projects.wsis.apis.vis_backends import apply_vis_backends, check_vis_backends

CONFIG = TESTS / 'tools' / 'tiny_config.py'


def make(*kinds: str) -> Config:
    return Config(dict(visualizer=dict(type='Visualizer', vis_backends=[dict(type=kind) for kind in kinds])))


def test_backends_are_added_once():
    cfg = make('LocalVisBackend', 'TensorboardVisBackend')
    apply_vis_backends(cfg, ['wandb', 'tensorboard', 'wandb'])
    kinds = [backend.type for backend in cfg.visualizer.vis_backends]
    assert kinds == ['LocalVisBackend', 'TensorboardVisBackend', 'WandbVisBackend']
    with pytest.raises(ValueError, match='has no `visualizer`'):
        apply_vis_backends(Config(dict()), ['wandb'])


def test_a_missing_package_gets_one_line(monkeypatch):
    monkeypatch.setattr(vis_backends, 'find_spec', lambda name: None)
    check_vis_backends(make('LocalVisBackend'))
    check_vis_backends(Config(dict()))
    for kind, package in (('TensorboardVisBackend', 'tensorboard'), ('WandbVisBackend', 'wandb')):
        with pytest.raises(ImportError, match=f'{kind} needs the package {package}: pip install {package}') as caught:
            check_vis_backends(make(kind))
        assert '\n' not in str(caught.value)


def test_tensorboard_gets_the_losses(tmp_path):
    reading = pytest.importorskip('tensorboard.backend.event_processing.event_accumulator')
    arguments = ['--work-dir', 'work', '--vis-backends', 'tensorboard']
    result = run_tool(None, tmp_path, 'train.py', CONFIG, *arguments)
    assert result.status == 0, result.tail
    (folder,) = (path.parent for path in (tmp_path / 'work').rglob('events.out.tfevents.*'))
    events = reading.EventAccumulator(str(folder)).Reload()
    losses = [entry.value for entry in events.Scalars('loss')]
    assert len(losses) == 8 and losses[-1] < losses[0]
