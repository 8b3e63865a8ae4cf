"""A hook that repeats a last validation that was killed."""

from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import EpochBasedTrainLoop, Runner


@HOOKS.register_module()
class LastValidationHook(Hook):
    """Validate at the end of a training that was resumed at its end.

    The last checkpoint is saved before the last validation. A training killed in between has nothing left to train, so
    mmengine would end it with the numbers of an earlier validation, which the checkpoint has kept.
    """

    priority = 'VERY_LOW'

    def __init__(self) -> None:
        self.resumed_at_end = False

    def before_train(self, runner: Runner) -> None:
        """See whether anything is left to train."""
        loop = runner.train_loop
        if isinstance(loop, EpochBasedTrainLoop):
            self.resumed_at_end = loop.epoch >= loop.max_epochs
        else:
            self.resumed_at_end = loop.iter >= loop.max_iters

    def after_train(self, runner: Runner) -> None:
        """Validate where training did not."""
        if self.resumed_at_end and runner.val_loop is not None:
            runner.val_loop.run()
