"""A hook that ends its own process as `kill -9` does, at a chosen place."""

import os
import signal

from mmengine.hooks import Hook
from mmengine.registry import HOOKS


@HOOKS.register_module()
class KillHook(Hook):
    """Send SIGKILL to this process after an iteration (counted from 0) of training or testing."""

    def __init__(self, phase: str, iteration: int) -> None:
        self.phase = phase
        self.iteration = iteration

    def _kill(self, phase: str, iteration: int) -> None:
        if phase == self.phase and iteration == self.iteration:
            os.kill(os.getpid(), signal.SIGKILL)

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        """Count over all epochs."""
        self._kill('train', runner.iter)

    def after_test_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        """Count photos (batches)."""
        self._kill('test', batch_idx)
