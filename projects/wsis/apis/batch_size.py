"""The size of a batch: a whole number from 1, no larger than a training's set, and one that processes can share."""

from typing import Any

from mmengine.config import Config
from mmengine.dist import get_world_size
from mmengine.logging import print_log
from mmengine.registry import DATASETS
from mmengine.runner import Runner

from ..engine.mmengine_names import read_train_loader, set_train_loader

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def check_batch_sizes(cfg: Config, path: Any = '') -> None:
    """Check the batch sizes of a config's loaders, as far as it has loaders that name theirs.

    Args:
        cfg: The config.
        path: Its file, for the message.

    Raises:
        ValueError: If one is no whole number from 1; the line names the setting.
    """
    for name in LOADERS:
        loader = cfg.get(name)
        if isinstance(loader, dict) and 'batch_size' in loader:
            _check_batch_size(loader['batch_size'], f'{path}: {name}' if path else name)


def _check_batch_size(batch: Any, loader: str = LOADERS[0]) -> None:
    if not isinstance(batch, int) or isinstance(batch, bool) or batch < 1:
        raise ValueError(f'{loader}.batch_size is {batch!r}: set it to 1 or more, a whole number')


def fit_batch(runner: Runner, together: bool = False) -> None:
    """Make the batch of a training smaller, and say so, where the training set has fewer images.

    Otherwise a loader that drops incomplete batches has nothing to give.

    Args:
        runner: A Runner before its training; the configuration of its training loader is changed.
        together: Whether the batch size of the loader is that of all processes together, not of each.

    Raises:
        ValueError: If there are fewer images than processes.
    """
    loader = read_train_loader(runner)
    if not isinstance(loader, dict) or loader.get('batch_size') is None:
        return
    dataset = loader['dataset']
    dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
    processes = get_world_size()
    if len(dataset) < processes:
        raise ValueError(
            f'{len(dataset)} images cannot be split over {processes} processes: use {len(dataset)} at most'
        )
    parts = 1 if together else processes
    share = len(dataset) // parts
    changes = dict(dataset=dataset)  # built already; it would be read again
    if loader['batch_size'] > share:
        changes['batch_size'] = share
        print_log(
            f'Only {len(dataset)} images: the batch size is {share * parts} instead of {loader["batch_size"] * parts}',
            'current',
        )
    set_train_loader(runner, {**loader, **changes})


def find_nearest_batch(batch: int, processes: int, images: int | None = None) -> int:
    """Return the batch size nearest to a given one that can be divided among processes, one image for each at least.

    Of two that are equally near it is the larger.

    Args:
        batch: The batch size of all processes together that is asked for.
        processes: How many processes share it.
        images: Size of the training set, which no batch exceeds; at least one image for each process.

    Raises:
        ValueError: If the batch size is no whole number from 1.
    """
    _check_batch_size(batch)
    nearest = max(processes, (2 * batch + processes) // (2 * processes) * processes)
    return nearest if images is None else min(nearest, images // processes * processes)


def describe_indivisible(batch: int, processes: int, config: str) -> str:
    """Return the line that refuses a batch size of all processes together that cannot be divided among them."""
    return (
        f'a batch of {batch} photos cannot be divided among {processes} processes: choose another number of them, '
        f'another train_dataloader.batch_size in {config}, or leave out --keep-batch'
    )
