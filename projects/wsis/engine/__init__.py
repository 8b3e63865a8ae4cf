"""Running: hooks, loops, schedules, safe checkpoint loading, atomic saving. Importing it leaves mmengine as it is."""

from . import hooks, loops, schedulers
from .atomic_backend import AtomicLocalBackend, save_atomically
from .latest_checkpoint import find_latest_checkpoint
from .safe_checkpoint import load_checkpoint_safely
from .safe_loading import safe_loading

__all__ = [
    'AtomicLocalBackend',
    'find_latest_checkpoint',
    'hooks',
    'load_checkpoint_safely',
    'loops',
    'safe_loading',
    'save_atomically',
    'schedulers',
]
