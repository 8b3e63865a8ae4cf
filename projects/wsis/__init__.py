"""WSIS: weakly-supervised instance and semantic segmentation from image-level labels.

Importing the package checks the environment and registers every component in mmengine's root registries. Beyond this it
changes nothing in the process, unless mmcv was installed without its compiled operators, whose place is then taken by
operators in plain torch. SECURITY.md says what loads safely, and from when to when.
"""

from .environment import check_environment
from .version import __version__

check_environment()

from .uncompiled_mmcv import stand_in_for_operators  # noqa: E402

stand_in_for_operators()  # before anything imports mmcv.ops

from . import datasets, engine, evaluation, models, structures, visualization  # noqa: E402

__all__ = ['__version__', 'datasets', 'engine', 'evaluation', 'models', 'structures', 'visualization']
