"""Training sets with fewer images than the batch."""

from mmengine.dist import get_world_size
from mmengine.logging import print_log
from mmengine.registry import DATASETS
from mmengine.runner import Runner


def fit_batch(runner: Runner) -> None:
    """Make the batch of a training smaller, and say so, where the training set has fewer images.

    Otherwise a loader that drops incomplete batches has nothing to give.

    Args:
        runner: A Runner before its training; the configuration of its training loader is changed.

    Raises:
        ValueError: If there are fewer images than processes.
    """
    loader = runner._train_dataloader
    if not isinstance(loader, dict) or loader.get('batch_size') is None:
        return
    dataset = loader['dataset']
    dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
    processes = get_world_size()
    share = len(dataset) // processes
    if share < 1:
        raise ValueError(
            f'{len(dataset)} images cannot be split over {processes} processes: use {len(dataset)} at most'
        )
    changes = dict(dataset=dataset)  # built already; it would be read again
    if loader['batch_size'] > share:
        changes['batch_size'] = share
        print_log(
            f'Only {len(dataset)} images: the batch size is {share * processes} instead of '
            f'{loader["batch_size"] * processes}',
            'current',
        )
    runner._train_dataloader = {**loader, **changes}
