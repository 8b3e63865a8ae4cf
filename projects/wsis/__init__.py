"""WSIS: weakly-supervised instance and semantic segmentation from image-level labels.

Importing the package checks the environment and registers every component in mmengine's root registries. Beyond this it
changes nothing in the process: SECURITY.md says what loads safely, and from when to when.
"""

from .environment import check_environment
from .version import __version__

check_environment()

from . import datasets, engine, evaluation, models, structures, visualization  # noqa: E402

__all__ = ['__version__', 'datasets', 'engine', 'evaluation', 'models', 'structures', 'visualization']
