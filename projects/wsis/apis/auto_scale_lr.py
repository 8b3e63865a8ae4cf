"""Scaling the learning rate with the batch size, as mmdet's `--auto-scale-lr` does."""

from mmengine.config import Config
from mmengine.dist import get_world_size
from mmengine.runner import Runner

from ..engine.mmengine_names import read_train_loader

# What schedulers of mmengine take as rates of their own, not as factors of the optimizer's.
RATES = ('eta_max', 'eta_min')


def apply_auto_scale_lr(cfg: Config) -> None:
    """Let mmengine's Runner scale the learning rate by (batch size of all processes) / (batch size it was chosen for).

    Where gradients are accumulated (``optim_wrapper.accumulative_counts``), the batch of a step is that of as many
    iterations; mmengine does not know that, so the batch size that it divides by becomes smaller here.

    Raises:
        ValueError: If the config does not say which batch size its learning rate was chosen for.
    """
    if not (cfg.get('auto_scale_lr') or {}).get('base_batch_size'):
        raise ValueError(
            f'--auto-scale-lr: {cfg.filename} does not say which batch size its learning rate was chosen for: add '
            'auto_scale_lr = dict(enable=False, base_batch_size=N)'
        )
    cfg.auto_scale_lr.enable = True
    counts = (cfg.get('optim_wrapper') or {}).get('accumulative_counts') or 1
    if counts > 1:
        base = cfg.auto_scale_lr.base_batch_size
        cfg.auto_scale_lr.base_batch_size = base // counts if base % counts == 0 else base / counts


def scale_from_batch(runner: Runner, batch: int) -> int:
    """Let the Runner scale the rates by (batch size of all processes) / ``batch``, unless it scales them already.

    Args:
        runner: A Runner before its training, and before :func:`scale_schedule`.
        batch: The batch size that the rates belong to.

    Returns:
        The batch size that they are divided by: where scaling was on, its ``base_batch_size``.
    """
    if not (runner.auto_scale_lr or {}).get('enable'):
        runner.auto_scale_lr = dict(enable=True, base_batch_size=batch)
    return runner.auto_scale_lr['base_batch_size']


def scale_schedule(runner: Runner) -> None:
    """Scale the rates that schedules name themselves, where the Runner will scale that of the optimizer.

    mmengine's own scaling leaves them, and a one-cycle schedule, whose peak is such a rate, would undo it.

    Args:
        runner: A Runner before its training; the configuration of its schedulers is changed.
    """
    settings = runner.auto_scale_lr or {}
    if not settings.get('enable'):
        return
    batch = get_world_size() * read_train_loader(runner)['batch_size']
    ratio = batch / settings['base_batch_size']
    schedulers = runner.param_schedulers or []
    for scheduler in schedulers if isinstance(schedulers, list) else [schedulers]:
        for key in RATES:
            if scheduler.get(key):
                scheduler[key] *= ratio
