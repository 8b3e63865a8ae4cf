"""A hook that makes a network quicker for a test, once it has its weights."""

from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from ...models.folded_norms import fold_norms


@HOOKS.register_module()
class FoldNormsHook(Hook):
    """Fold batch norms into convolutions before a test; see :func:`~projects.wsis.models.folded_norms.fold_norms`."""

    def before_test(self, runner: Runner) -> None:
        """Fold those of the model, whose checkpoint has been loaded."""
        fold_norms(runner.model)
