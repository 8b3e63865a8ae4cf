"""A hook that makes a network quicker for a test, once it has its weights."""

from mmengine.device import get_device
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from ...models.folded_norms import fold_norms


@HOOKS.register_module()
class FoldNormsHook(Hook):
    """Fold batch norms into convolutions before a test on a CPU.

    See :func:`~projects.wsis.models.folded_norms.fold_norms`.

    Args:
        fold: Whether it does so; ``default_hooks.fold_norms.fold=False`` leaves them.
    """

    def __init__(self, fold: bool = True) -> None:
        self.fold = fold

    def before_test(self, runner: Runner) -> None:
        """Fold those of the model, whose checkpoint has been loaded."""
        if self.fold and get_device() == 'cpu':  # on a GPU it was not measured
            fold_norms(runner.model)
