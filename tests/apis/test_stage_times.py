"""The hook that measures is there only where it is asked for, beside all others; trainings can be cut short for it."""

import pytest
from mmengine.config import Config
from tiny_chain.fixtures import CONFIGS, read_tiny_config

from projects.wsis.apis.configs import load_config
from projects.wsis.apis.launch import build_runner
from projects.wsis.apis.schedule import stop_after


def list_hooks(tmp_path, **options):
    runner = build_runner(read_tiny_config('tiny_cam.py', tmp_path / 'run', **options))
    return [type(hook).__name__ for hook in runner.hooks]


def test_hook_is_there_where_it_is_asked_for(demo_environment, tmp_path):
    (tmp_path / 'kept.py').write_text(
        f'_base_ = {str(CONFIGS / "tiny_cam.py")!r}\ncustom_hooks = [dict(type="LastValidationHook")]\n'
    )
    plain = list_hooks(tmp_path)
    measured = list_hooks(tmp_path, stage_times=True)
    assert 'StageTimesHook' not in plain and set(measured) == {*plain, 'StageTimesHook'}
    runner = build_runner(read_tiny_config(str(tmp_path / 'kept.py'), tmp_path / 'run', stage_times=True))
    assert {'LastValidationHook', 'StageTimesHook'} <= {type(hook).__name__ for hook in runner.hooks}


def test_one_validation_and_one_checkpoint_at_the_end():
    cfg = load_config('configs/cam/cam_r18_36e_demo.py', dict(stop_after=20))
    assert cfg.train_cfg == dict(type='IterBasedTrainLoop', max_iters=20, val_interval=20)
    assert cfg.default_hooks.checkpoint.interval == 20 and not cfg.default_hooks.checkpoint.by_epoch
    assert load_config('configs/cam/cam_r18_36e_demo.py', dict(iterations=20)).train_cfg.val_interval < 20


def test_configs_without_a_training_are_left_alone():
    cfg = Config(dict(test_cfg=dict()))
    stop_after(cfg, 5)
    assert cfg.to_dict() == dict(test_cfg=dict())


@pytest.mark.parametrize('steps', [0, -1, 1.5, True, 'x'])
def test_wrong_numbers_of_steps(steps):
    with pytest.raises(ValueError, match='whole number of at least 1'):
        stop_after(Config(dict(train_cfg=dict(max_epochs=1))), steps)
