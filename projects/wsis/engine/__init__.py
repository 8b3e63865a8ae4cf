"""Running: hooks, loops, schedules, safe checkpoint loading, atomic saving."""

from . import hooks, loops, schedulers
from .atomic_backend import AtomicLocalBackend, install_atomic_backend
from .latest_checkpoint import find_latest_checkpoint
from .safe_checkpoint import install_safe_checkpoint_loader, load_checkpoint_safely

install_safe_checkpoint_loader()
install_atomic_backend()

__all__ = [
    'AtomicLocalBackend',
    'find_latest_checkpoint',
    'hooks',
    'loops',
    'install_atomic_backend',
    'install_safe_checkpoint_loader',
    'load_checkpoint_safely',
    'schedulers',
]
