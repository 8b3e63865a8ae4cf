"""The length of a training in iterations, for every kind of schedule."""

import pytest
from mmengine.config import Config
from mmengine.optim import LinearLR

from projects.wsis.apis.schedule import set_iterations


def make(train_cfg, *schedulers):
    return Config(
        dict(
            train_cfg=train_cfg,
            param_scheduler=list(schedulers),
            train_dataloader=dict(sampler=dict(type='DefaultSampler', shuffle=True)),
            default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1)),
            log_processor=dict(type='LogProcessor', window_size=50, by_epoch=True),
        )
    )


def test_epochs_become_iterations():
    cfg = make(
        dict(type='EpochBasedTrainLoop', max_epochs=12, val_interval=12),
        dict(type='LinearLR', start_factor=0.001, begin=0, end=500, by_epoch=False),
        dict(type='MultiStepLR', milestones=[8, 11], gamma=0.1, begin=0, end=12, by_epoch=True),
        dict(type='PolyLR', power=0.9, begin=0, end=12, by_epoch=True, convert_to_iter_based=True),
        dict(type='OneCycleLR', eta_max=1.0, total_steps=12, convert_to_iter_based=True),
    )
    set_iterations(cfg, 600)
    assert cfg.train_cfg == dict(type='IterBasedTrainLoop', max_iters=600, val_interval=600)
    warm_up, steps, poly, cycle = cfg.param_scheduler
    assert warm_up.end == 60
    assert steps.milestones == [400, 550] and steps.end == 600
    assert poly.end == 600 and 'convert_to_iter_based' not in poly
    assert cycle.total_steps == 600
    assert not any(scheduler.by_epoch for scheduler in cfg.param_scheduler)
    assert cfg.train_dataloader.sampler == dict(type='InfiniteSampler', shuffle=True)
    assert cfg.default_hooks.checkpoint.interval == 60 and not cfg.default_hooks.checkpoint.by_epoch
    assert not cfg.log_processor.by_epoch


def test_iterations_are_scaled():
    cfg = make(
        dict(type='IterBasedTrainLoop', max_iters=50000, val_interval=5000),
        dict(type='LinearLR', begin=0, end=2000, by_epoch=False),
        dict(type='PolyLR', begin=0, end=50001, by_epoch=False),
    )
    set_iterations(cfg, 500)
    assert cfg.train_cfg.max_iters == 500 and cfg.train_cfg.val_interval == 50
    assert [scheduler.end for scheduler in cfg.param_scheduler] == [20, 501]


@pytest.mark.parametrize('kind', ['LinearLR', 'ConstantLR', 'mmdet.LinearLR', LinearLR])
@pytest.mark.parametrize('iterations, ends', [(14, [14]), (15, [2, 15]), (1, [1])])
def test_a_warm_up_of_one_step_is_left_out(kind, iterations, ends):
    # mmengine would multiply its only step by the first factor, and take it back in a second one that never comes
    cfg = make(
        dict(type='EpochBasedTrainLoop', max_epochs=12),
        dict(type=kind, begin=0, end=500, by_epoch=False),
        dict(type='MultiStepLR', milestones=[8, 11], begin=0, end=12),
    )
    set_iterations(cfg, iterations)
    assert [scheduler.end for scheduler in cfg.param_scheduler] == ends


def test_a_config_that_does_not_train_is_left_alone():
    cfg = Config(dict(test_cfg=dict(type='TestLoop')))
    set_iterations(cfg, 3)
    assert cfg.to_dict() == dict(test_cfg=dict(type='TestLoop'))


@pytest.mark.parametrize('wrong', [0, -3, 2.5, '10', True])
def test_wrong_length(wrong):
    with pytest.raises(ValueError, match='a whole number of at least 1') as told:
        set_iterations(make(dict(max_epochs=1)), wrong)
    assert '\n' not in str(told.value)
