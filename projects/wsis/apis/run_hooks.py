"""Giving a config of another project the hooks that the shipped configs have."""

from mmengine.config import Config

from .configs import find_config

RUN_HOOKS = 'configs/_base_/run_hooks.py'


def list_hook_types(cfg: Config) -> set[str]:
    """Return the types of the hooks that a config names, without their scope."""
    hooks = [*(cfg.get('default_hooks') or {}).values(), *(cfg.get('custom_hooks') or [])]
    types = [hook['type'] for hook in hooks if isinstance(hook, dict)]
    return {(kind if isinstance(kind, str) else kind.__name__).split('.')[-1] for kind in types}


def add_run_hooks(cfg: Config) -> None:
    """Add the hooks of ``configs/_base_/run_hooks.py`` that a config lacks, in place.

    The shipped configs inherit them. A config that inherits from mmdet alone, or has a list of its own, gets them here:
    whatever our tools run loads safely, and stops where weights and model do not fit.
    """
    present = list_hook_types(cfg)
    if cfg.get('default_hooks') is None:
        cfg.default_hooks = {}
    for name, hook in Config.fromfile(find_config(RUN_HOOKS)).default_hooks.items():
        if hook.type not in present:
            cfg.default_hooks[name] = hook
