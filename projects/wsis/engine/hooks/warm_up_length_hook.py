"""A hook that stops a training which would end before its warm-up."""

from collections.abc import Iterator
from typing import Any

from mmengine.hooks import Hook
from mmengine.optim import ConstantLR, LinearLR
from mmengine.registry import HOOKS
from mmengine.runner import Runner


@HOOKS.register_module()
class WarmUpLengthHook(Hook):
    """Raise an error when a training ends with its warm-up or before: rates would stay small without a word.

    A warm-up is a ``LinearLR`` that rises, or a ``ConstantLR`` below 1, from the beginning on. Both are multiplied with
    the other schedules, and one that counts in iterations stays as long as it is when the training becomes shorter, be
    it by ``train_cfg.max_iters`` or by a small training set.
    """

    priority = 'VERY_HIGH'  # before hooks that look at photos or masks

    def before_train(self, runner: Runner) -> None:
        """Compare warm-ups with the training.

        Raises:
            ValueError: If one is too long; the message says how long both are and what to do.
        """
        loop = runner.train_loop
        for place, scheduler in name_schedulers(runner.param_schedulers):
            if not is_warm_up(scheduler):
                continue
            unit, length = ('epoch', loop.max_epochs) if scheduler.by_epoch else ('iteration', loop.max_iters)
            # the last step of a warm-up is at the full rate: a whole epoch may be enough, one iteration is not
            if scheduler.end > length or (scheduler.end == length and (length == 1 or not scheduler.by_epoch)):
                raise ValueError(
                    f'{place} is a warm-up that ends at {unit} {scheduler.end}, but the training ends at {unit} '
                    f'{length} and would not learn at its full rate: shorten the whole schedule by --cfg-options '
                    f'iterations={loop.max_iters}, without a length in train_cfg, or make {place}.end smaller'
                )


def name_schedulers(schedulers: dict[str, list] | list | None, name: str = 'param_scheduler') -> Iterator[tuple]:
    """Yield all schedulers of a Runner after the key that each has in its config."""
    if isinstance(schedulers, dict):  # several optimizers
        for key, given in schedulers.items():
            yield from name_schedulers(given, f'{name}.{key}')
    else:
        yield from ((f'{name}.{index}', scheduler) for index, scheduler in enumerate(schedulers or []))


def is_warm_up(scheduler: Any) -> bool:
    """Return whether a scheduler keeps learning rates small at the beginning of a training."""
    if isinstance(scheduler, LinearLR):
        return scheduler.begin == 0 and scheduler.start_factor < scheduler.end_factor
    return isinstance(scheduler, ConstantLR) and scheduler.begin == 0 and scheduler.factor < 1
