"""A hook that keeps checkpoints plain data, so that the safe loader can read them."""

from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner


@HOOKS.register_module()
class PlainCheckpointHook(Hook):
    """Leave functions out of the states of parameter schedulers that go into a checkpoint.

    mmengine's ``OneCycleLR`` keeps a bound method among its attributes; saved with it, the checkpoint would hold the
    whole scheduler and optimizer as objects, and only an unsafe loader could read it. A resumed scheduler has made
    this method again, so nothing is lost.
    """

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Take the functions out of ``checkpoint['param_schedulers']``, in place."""
        schedulers = checkpoint.get('param_schedulers') or []
        groups = schedulers.values() if isinstance(schedulers, dict) else [schedulers]
        for state in (state for group in groups for state in group):
            for name in [name for name, value in state.items() if callable(value)]:
                del state[name]
