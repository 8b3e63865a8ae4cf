"""Running: hooks, loops, schedules, safe checkpoint loading, atomic saving. Importing it leaves mmengine as it is."""

from . import hooks, loops, schedulers
from .atomic_backend import AtomicLocalBackend, save_atomically
from .cpu_amp_optim_wrapper import CPUAmpOptimWrapper
from .latest_checkpoint import find_latest_checkpoint, find_whole_checkpoint, is_whole_checkpoint, list_checkpoints
from .safe_checkpoint import load_checkpoint_safely
from .safe_loading import safe_loading

__all__ = [
    'AtomicLocalBackend',
    'CPUAmpOptimWrapper',
    'find_latest_checkpoint',
    'find_whole_checkpoint',
    'hooks',
    'is_whole_checkpoint',
    'list_checkpoints',
    'load_checkpoint_safely',
    'loops',
    'safe_loading',
    'save_atomically',
    'schedulers',
]
