"""What a Runner is doing, for hooks that must know before its loop begins."""

from mmengine.runner import Runner


def is_training(runner: Runner) -> bool:
    """Return whether a Runner trains: `Runner.train` builds the optimizer first, and nothing else builds it."""
    optimizer = getattr(runner, 'optim_wrapper', None)
    return optimizer is not None and not isinstance(optimizer, dict)


def starts_training(runner: Runner) -> bool:
    """Return whether a Runner begins a training, from given weights or none, which it does not resume."""
    return is_training(runner) and not runner.cfg.get('resume')
