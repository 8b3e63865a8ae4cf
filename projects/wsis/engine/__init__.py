"""Running: hooks, loops, schedules, safe checkpoint loading, atomic saving."""

from . import hooks, loops, schedulers
from .atomic_backend import AtomicLocalBackend, install_atomic_backend
from .cpu_amp_optim_wrapper import CPUAmpOptimWrapper
from .latest_checkpoint import find_latest_checkpoint
from .safe_checkpoint import install_safe_checkpoint_loader, load_checkpoint_safely

install_safe_checkpoint_loader()
install_atomic_backend()

__all__ = [
    'AtomicLocalBackend',
    'CPUAmpOptimWrapper',
    'find_latest_checkpoint',
    'hooks',
    'loops',
    'install_atomic_backend',
    'install_safe_checkpoint_loader',
    'load_checkpoint_safely',
    'schedulers',
]
