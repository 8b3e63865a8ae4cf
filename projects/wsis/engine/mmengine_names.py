"""The private names of mmengine that this project needs, all of them here, and each by one function.

mmengine has no public way to the same. The original distribution and onedl's have all of these names: the tests of this
file say so in whichever of the two is installed.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.runner import CheckpointLoader, Runner
from mmengine.runner import checkpoint as mmengine_checkpoint


def read_loaders() -> dict[str, Callable]:
    """Return mmengine's table of checkpoint loaders: the function by the scheme, a regular expression, of a path."""
    return dict(CheckpointLoader._schemes)


def replace_loaders(loaders: Mapping[str, Callable]) -> None:
    """Replace mmengine's table of checkpoint loaders; the first scheme that matches counts.

    `CheckpointLoader.register_scheme`, which is public, cannot take a scheme away again.
    """
    CheckpointLoader._schemes = OrderedDict(loaders)


def find_cache_folder() -> Path:
    """Return the folder of mmengine's own downloads (`MMENGINE_HOME`); it is made where it is missing."""
    return Path(mmengine_checkpoint._get_mmengine_home())


def find_load_from(runner: Runner) -> str | None:
    """Return the path of the checkpoint that a Runner loads, or resumes from, at the start of its run."""
    return getattr(runner, '_load_from', None)


def find_training_set(runner: Runner) -> BaseDataset | Any | None:
    """Return the data set of a Runner's training, or None where it is not built, as in a test.

    `Runner.train_loop`, which is public, would build it.
    """
    return getattr(getattr(runner._train_loop, 'dataloader', None), 'dataset', None)


def read_train_loader(runner: Runner) -> Any:
    """Return the training loader of a Runner: its configuration, until `Runner.train` builds it."""
    return runner._train_dataloader


def set_train_loader(runner: Runner, loader: Mapping[str, Any]) -> None:
    """Give a Runner another configuration of its training loader; `Runner.train_dataloader`, public, would build it."""
    runner._train_dataloader = loader


@contextmanager
def wrapped_config_reading(find_base: Callable, read_file: Callable) -> Iterator[None]:
    """Read configs, within a ``with`` statement, by two functions that each get mmengine's own first.

    Args:
        find_base: ``(mmengine's, name of the base, file that names it) -> (path of the base, its scope or None)``.
        read_file: ``(mmengine's, file, ...) -> (its content, ...)``.
    """
    with (
        mock.patch.object(Config, '_get_cfg_path', staticmethod(partial(find_base, Config._get_cfg_path))),
        mock.patch.object(Config, '_file2dict', staticmethod(partial(read_file, Config._file2dict))),
    ):
        yield
