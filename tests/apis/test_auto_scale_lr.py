"""Learning rates that follow the batch size."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from mmengine.config import Config
from tiny_chain.processes import TESTS, run_tool_in_ranks

from projects.wsis.apis import auto_scale_lr
from projects.wsis.apis.auto_scale_lr import apply_auto_scale_lr, scale_schedule

CONFIG = TESTS / 'tools' / 'tiny_config.py'
SCALE = ['--auto-scale-lr', '--cfg-options', 'train_dataloader.batch_size=4', 'auto_scale_lr.base_batch_size=2']


def read_rates(work_dir: Path) -> list[float]:
    (log,) = work_dir.glob('*/vis_data/scalars.json')
    return [json.loads(line)['lr'] for line in log.read_text().splitlines()]


def test_the_rate_grows_with_the_batch_of_all_processes(tmp_path, demo_root):
    config = tmp_path / 'config.py'
    config.write_text(
        f'_base_ = {str(CONFIG)!r}\n'
        "param_scheduler = [dict(type='OneCycleLR', eta_max=0.4, div_factor=25, total_steps=4, by_epoch=False)]\n"
        "visualizer = dict(vis_backends=[dict(type='LocalVisBackend')])\n"
    )
    result = run_tool_in_ranks(demo_root, tmp_path, 2, 'train.py', config, '--work-dir', 'work', *SCALE)
    assert result.status == 0, result.tail
    # two processes of 4 for a rate that was chosen for 2
    assert 'Scaling the original LR by 4.0' in result.output
    assert read_rates(tmp_path / 'work')[0] == pytest.approx(4 * 0.4 / 25)


def test_schedules_keep_their_rates_without_the_option(monkeypatch):
    monkeypatch.setattr(auto_scale_lr, 'get_world_size', lambda: 8)
    for enable, eta_max in ((False, 0.4), (True, 0.8)):
        runner = SimpleNamespace(
            auto_scale_lr=dict(enable=enable, base_batch_size=16),
            _train_dataloader=dict(batch_size=4),
            param_schedulers=[dict(type='OneCycleLR', eta_max=0.4), dict(type='PolyLR', eta_min=0.0)],
        )
        scale_schedule(runner)
        assert [scheduler.get('eta_max', scheduler.get('eta_min')) for scheduler in runner.param_schedulers] == [
            eta_max,
            0.0,
        ]


@pytest.mark.parametrize('base, counts, divisor', [(16, 1, 16), (16, 4, 4), (5, 2, 2.5), (16, None, 16)])
def test_accumulated_gradients_are_of_a_larger_batch(base, counts, divisor):
    wrapper = dict(type='OptimWrapper') if counts is None else dict(accumulative_counts=counts)
    cfg = Config(dict(auto_scale_lr=dict(enable=False, base_batch_size=base), optim_wrapper=wrapper))
    apply_auto_scale_lr(cfg)
    assert cfg.auto_scale_lr == dict(enable=True, base_batch_size=divisor)


@pytest.mark.parametrize('settings', [{}, dict(auto_scale_lr=dict(enable=False))])
def test_a_config_without_a_base_gets_one_line(settings):
    with pytest.raises(ValueError, match='does not say which batch size its learning rate was chosen for') as caught:
        apply_auto_scale_lr(Config(settings))
    assert '\n' not in str(caught.value)
