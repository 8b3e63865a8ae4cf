"""Sharing the batch of a config among processes, with a learning rate that follows where the batch has to change."""

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path

from mmengine.dist import get_world_size
from mmengine.logging import print_log
from mmengine.runner import Runner

from ..engine.mmengine_names import read_train_loader, set_train_loader
from ..structures import write_json
from .auto_scale_lr import scale_from_batch
from .batch_size import describe_indivisible, find_nearest_batch

BATCH_NAME = 'batch.json'


@dataclass(frozen=True)
class BatchChange:
    """A batch size that could not be divided among processes, and what was taken instead.

    Attributes:
        processes: How many processes share the batch.
        batch_size: That of all processes together.
        batch_size_before: The one that cannot be divided.
        learning_rate: That of the optimizer, scaled with the batch; None where the config leaves it to the optimizer.
        learning_rate_before: The one that belongs to the batch size before.
    """

    processes: int
    batch_size: int
    batch_size_before: int
    learning_rate: float | None
    learning_rate_before: float | None

    def describe(self) -> str:
        """Return the change as one line."""
        if self.learning_rate is None:
            rate = f'{self.batch_size / self.batch_size_before:g} times the learning rate'
        else:
            rate = f'a learning rate of {self.learning_rate:g} instead of {self.learning_rate_before:g}'
        return (
            f'A batch of {self.batch_size_before} photos cannot be divided among {self.processes} processes: the batch '
            f'size is {self.batch_size}, with {rate}'
        )


def add_processes(parser: argparse.ArgumentParser) -> None:
    """Add the options of recipes that say how they use this machine: processes that share the batch, and precision."""
    parser.add_argument(
        '--gpus',
        type=int,
        default=1,
        metavar='N',
        help='number of GPUs (or CPU processes) per stage; the batch is split over them, and where it cannot be '
        'divided, the nearest multiple of N is taken, with the learning rate scaled linearly (default: 1)',
    )
    parser.add_argument(
        '--keep-batch', action='store_true', help='refuse a batch that --gpus cannot divide instead of changing it'
    )
    parser.add_argument(
        '--amp',
        action=argparse.BooleanOptionalAction,
        help='train with mixed precision, or without: float16 on a GPU, bfloat16 on a CPU (default: only on a CPU with '
        'amx_bf16 or from Zen 5 on, where it is faster)',
    )


def share_batch(runner: Runner, keep: bool = False) -> BatchChange | None:
    """Divide the batch of the training loader, which is that of all processes together, among the processes.

    Where it cannot be divided, the nearest multiple of the number of processes is taken, the Runner is told to scale
    the learning rate linearly with it (Goyal et al., 2017: https://arxiv.org/abs/1706.02677), and a line says so.

    Args:
        runner: A Runner before its training, after :func:`~projects.wsis.apis.batch_size.fit_batch`; the configuration
            of its training loader is changed.
        keep: Whether to refuse such a batch instead.

    Returns:
        The change; None where the batch stays as it is.

    Raises:
        ValueError: If the batch is to be kept and cannot be divided.
    """
    loader = read_train_loader(runner)
    if not isinstance(loader, dict) or loader.get('batch_size') is None:
        return None
    before, processes = loader['batch_size'], get_world_size()
    if keep and before % processes:
        raise ValueError(describe_indivisible(before, processes, runner.cfg.filename))
    batch = find_nearest_batch(before, processes, len(loader['dataset']))
    set_train_loader(runner, {**loader, 'batch_size': batch // processes})
    if batch == before:
        return None
    base = scale_from_batch(runner, before)
    rate = _read_rate(runner)
    rates = [None if rate is None else rate * size / base for size in (batch, before)]
    change = BatchChange(processes, batch, before, *rates)
    print_log(change.describe(), 'current')
    return change


def _read_rate(runner: Runner) -> float | None:
    """Return the learning rate that the config gives the optimizer."""
    wrapper = runner.optim_wrapper
    optimizer = wrapper.get('optimizer') if isinstance(wrapper, dict) else None
    return optimizer.get('lr') if isinstance(optimizer, dict) else None


def write_batch_change(work_dir: str | Path, change: BatchChange | None) -> None:
    """Write what was changed into ``batch.json`` of a training; without a change that of an earlier one goes."""
    path = Path(work_dir) / BATCH_NAME
    if change is None:
        path.unlink(missing_ok=True)
    else:
        write_json(path, asdict(change))
