"""Reporting the progress of a run to the recipe that has started it."""

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

PROGRESS_PREFIX = 'progress:'


@HOOKS.register_module()
class ProgressHook(Hook):
    """Prints a line ``progress: PHASE DONE/TOTAL`` after every iteration, for the progress bar of a recipe.

    mmengine's own lines come every 50 iterations only, which can be minutes.
    """

    priority = 'VERY_LOW'

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Tell how many iterations of the training are done."""
        self._tell('train', runner.iter + 1, runner.max_iters)

    def after_val_iter(self, runner: Runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Tell how many batches of the validation are done."""
        self._tell('val', batch_idx + 1, len(runner.val_dataloader))

    def after_test_iter(self, runner: Runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Tell how many batches of the test are done."""
        self._tell('test', batch_idx + 1, len(runner.test_dataloader))

    def _tell(self, phase: str, done: int, total: int) -> None:
        if is_main_process():
            print(f'{PROGRESS_PREFIX} {phase} {done}/{total}', flush=True)
