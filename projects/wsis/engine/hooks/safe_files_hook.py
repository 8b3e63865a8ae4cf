"""A hook that makes a run load checkpoints safely and save them atomically."""

from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from ..atomic_backend import save_atomically
from ..safe_loading import safe_loading


@HOOKS.register_module()
class SafeFilesHook(Hook):
    """Run no code of a checkpoint while a Runner runs, and leave no half-written one where it is killed.

    From the beginning of ``Runner.train``, ``val`` or ``test`` to its end, all of mmengine loads by
    :func:`~projects.wsis.engine.safe_loading`: `load_from`, resuming, and the weights that ``init_cfg`` names. Then
    mmengine is as it was. Of a run that fails, this is when nothing refers to its Runner any more.
    """

    priority = 'VERY_HIGH'  # before any other hook may load a file

    def before_run(self, runner: Runner) -> None:
        """Begin to load safely, and let the checkpoint hooks save atomically."""
        self.after_run(runner)
        # where a failed run never comes to its end, Python ends the statement when it throws the hook away
        self._loading = safe_loading()
        self._loading.__enter__()
        save_atomically(runner)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Take away the config of an old checkpoint: mmengine would run it as a program when it resumes."""
        if isinstance(checkpoint.get('meta'), dict):
            checkpoint['meta'].pop('config', None)

    def after_run(self, runner: Runner) -> None:
        """Let mmengine load as before."""
        loading, self._loading = getattr(self, '_loading', None), None
        if loading is not None:
            loading.__exit__(None, None, None)
