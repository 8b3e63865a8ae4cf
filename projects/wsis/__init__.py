"""WSIS: weakly-supervised instance and semantic segmentation from image-level labels.

Importing the package checks the environment, makes mmengine load checkpoints safely and write them atomically, and
registers every component in mmengine's root registries.
"""

from .environment import check_environment
from .version import __version__

check_environment()

from . import datasets, engine, evaluation, models, structures, visualization  # noqa: E402

__all__ = ['__version__', 'datasets', 'engine', 'evaluation', 'models', 'structures', 'visualization']
