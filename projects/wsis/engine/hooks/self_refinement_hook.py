"""Turning BESTIE's self-refinement on, and showing what it does."""

from mmengine.dist import all_reduce
from mmengine.hooks import EMAHook, Hook
from mmengine.model import is_model_wrapper
from mmengine.registry import HOOKS
from mmengine.runner import Runner

OUTCOMES = ('kept', 'added', 'split', 'dropped')


@HOOKS.register_module()
class SelfRefinementHook(Hook):
    """From an iteration on, BESTIE learns from labels made of its own output too (Kim et al., CVPR 2022, section 3.2).

    Every interval it logs, as a share of the components of the semantic maps that have an instance in either kind of
    labels: ``kept`` (one instance before and after), ``added`` (instances where there was no pseudo label), ``split``
    (several instances after), ``dropped`` (none after).

    Args:
        begin: First iteration with refinement, from 0.
        interval: Iterations between two counts.
        teacher: ``'self'``: the running model makes the labels, as in the paper. ``'ema'``: the average that an
            ``EMAHook`` keeps does; add that hook to the config.

    Raises:
        ValueError: If ``teacher`` is unknown, or there is no ``EMAHook``.
    """

    priority = 'NORMAL'  # before the logger

    def __init__(self, begin: int = 0, interval: int = 50, teacher: str = 'self') -> None:
        if teacher not in ('self', 'ema'):
            raise ValueError(f"teacher is 'self' or 'ema', not {teacher!r}")
        self.begin = begin
        self.interval = interval
        self.teacher = teacher

    def before_train(self, runner: Runner) -> None:
        """Hand the averaged model over, where it is the teacher."""
        if self.teacher == 'self':
            return
        averages = [hook for hook in runner.hooks if isinstance(hook, EMAHook)]
        if not averages:
            raise ValueError(
                "SelfRefinementHook(teacher='ema') needs the average of an EMAHook: add dict(type='EMAHook') to "
                'custom_hooks'
            )
        object.__setattr__(_unwrap(runner), 'teacher', averages[0].ema_model.module.eval())

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None) -> None:
        """Turn refinement on when its time has come."""
        _unwrap(runner).refining = runner.iter >= self.begin

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        """Log what became of the instances."""
        model = _unwrap(runner)
        if not model.refining or not self.every_n_train_iters(runner, self.interval):
            return
        counts = model.outcomes.clone()
        all_reduce(counts)
        total = int(counts.sum())
        if not total:
            return  # given points make no such counts
        for name, count in zip(OUTCOMES, counts.tolist()):
            runner.message_hub.update_scalar(f'train/refinement_{name}', count / total)
        model.outcomes.zero_()


def _unwrap(runner: Runner):
    return runner.model.module if is_model_wrapper(runner.model) else runner.model
