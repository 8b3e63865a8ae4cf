"""Giving the training schedule of any config another length, counted in iterations."""

import math
from typing import Any

from mmengine.config import Config

# What a scheduler counts in epochs or iterations; a position is scaled, and never falls below 1 where it was positive.
POSITIONS = ('begin', 'end', 'total_steps', 'T_max', 'step_size')
SHARE_OF_WARM_UP = 0.1
# They begin with a factor, and take it back in their last step.
FACTORS = ('LinearLR', 'ConstantLR')


def set_iterations(cfg: Config, iterations: int) -> None:
    """Let a config train for a number of iterations, whatever its schedule was; changes the config in place.

    Learning-rate schedules keep their shape: what they count in epochs or iterations is scaled to the new length. A
    warm-up that a schedule of epochs counts in iterations takes at most a tenth, and one of a single step is left out,
    as mmengine would keep its small rate to the end. The number of validations stays, and a checkpoint is kept about
    every tenth of the schedule. The iterations do not depend on the number of images, so that 20 images and 100,000
    both train sensibly.

    Args:
        cfg: A config with ``train_cfg``; others are left alone.
        iterations: Length of the training, 1 or more.

    Raises:
        ValueError: If ``iterations`` is no whole number of 1 or more.
    """
    if isinstance(iterations, bool) or not isinstance(iterations, int) or iterations < 1:
        raise ValueError(f'iterations is the length of the training, a whole number of at least 1, not {iterations!r}')
    loop = cfg.get('train_cfg')
    if not loop:
        return
    in_epochs = 'max_epochs' in loop
    length = loop.get('max_epochs' if in_epochs else 'max_iters')
    factor = iterations / length
    interval = max(1, round(loop.get('val_interval', 1) * factor))
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=iterations, val_interval=min(interval, iterations))
    schedulers = cfg.get('param_scheduler') or []
    schedulers = schedulers if isinstance(schedulers, (list, tuple)) else [schedulers]
    scaled = [_scale_scheduler(dict(scheduler), factor, iterations, in_epochs) for scheduler in schedulers]
    cfg.param_scheduler = [scheduler for scheduler in scaled if not _keeps_first_factor(scheduler)]
    if cfg.get('train_dataloader'):
        cfg.train_dataloader.sampler = dict(type='InfiniteSampler', shuffle=True)
    cfg.setdefault('default_hooks', {}).setdefault('checkpoint', dict(type='CheckpointHook'))
    cfg.default_hooks.checkpoint.update(by_epoch=False, interval=max(1, math.ceil(iterations / 10)))
    cfg.setdefault('log_processor', dict(type='LogProcessor', window_size=50))
    cfg.log_processor.by_epoch = False


def stop_after(cfg: Config, steps: int) -> None:
    """Let a config train for some steps only, with one validation and one checkpoint at their end; changes it in place.

    Where a few steps are to be measured, all validations and checkpoints of the whole schedule would take most of the
    time.

    Args:
        cfg: A config with ``train_cfg``; others are left alone.
        steps: Iterations, 1 or more.

    Raises:
        ValueError: If ``steps`` is no whole number of 1 or more.
    """
    set_iterations(cfg, steps)
    if cfg.get('train_cfg'):
        cfg.train_cfg.val_interval = steps
        cfg.default_hooks.checkpoint.interval = steps


def _scale_scheduler(scheduler: dict[str, Any], factor: float, iterations: int, in_epochs: bool) -> dict[str, Any]:
    """Return a parameter scheduler for the new length, counted in iterations."""
    scheduler.pop('convert_to_iter_based', None)
    counts_epochs = scheduler.get('by_epoch', True)
    scheduler['by_epoch'] = False
    if in_epochs and not counts_epochs:  # a warm-up of so many iterations, whatever the number of epochs is
        if scheduler.get('end', 0) > 0:
            scheduler['end'] = min(scheduler['end'], max(1, round(SHARE_OF_WARM_UP * iterations)))
        return scheduler
    for key in POSITIONS:
        if scheduler.get(key):
            scheduler[key] = max(1, math.ceil(scheduler[key] * factor))
    if scheduler.get('milestones'):
        scheduler['milestones'] = [max(1, round(milestone * factor)) for milestone in scheduler['milestones']]
    return scheduler


def _keeps_first_factor(scheduler: dict[str, Any]) -> bool:
    """Return whether a scheduler has a single step, the one in which it would take its first factor back."""
    kind = scheduler['type']
    name = kind if isinstance(kind, str) else kind.__name__
    steps = scheduler.get('end', math.inf) - scheduler.get('begin', 0)
    return name.split('.')[-1] in FACTORS and steps < 2
