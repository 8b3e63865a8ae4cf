"""A hook that makes a network quicker for a test, once it has its weights."""

from mmengine.device import get_device
from mmengine.hooks import EMAHook, Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner


@HOOKS.register_module()
class FoldNormsHook(Hook):
    """Fold the batch norms of backbones that can do so before a test on a CPU.

    A backbone can that has a method ``fold_norms``, as ``StridedMobileNetV2`` has. The model cannot be trained in this
    process any more, nor take another checkpoint. With an ``EMAHook``, which exchanges the weights for the test, norms
    stay as they are.

    Args:
        fold: Whether it does so; ``default_hooks.fold_norms.fold=False`` leaves all norms.
    """

    def __init__(self, fold: bool = True) -> None:
        self.fold = fold

    def before_test(self, runner: Runner) -> None:
        """Fold norms of the model, whose checkpoint has been loaded."""
        averaged = any(isinstance(hook, EMAHook) for hook in runner.hooks)
        if not self.fold or averaged or get_device() != 'cpu':  # on a GPU it was not measured
            return
        for module in list(runner.model.modules()):
            if hasattr(module, 'fold_norms'):
                module.fold_norms()
