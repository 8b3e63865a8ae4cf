"""Measuring predictions that lie in files, by the metrics of a config."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.registry import METRICS, init_default_scope
from tqdm import tqdm

from ..datasets import TagDataset
from ..datasets.transforms import LoadEvaluationMasks
from ..datasets.transforms.formatting import pack_truth
from ..evaluation.writers import PredictionWriter
from ..evaluation.writers.store_writer import StoreWriter
from .photo_dataset import build_photo_dataset
from .stored_predictions import Reader, find_predictions


def evaluate_predictions(cfg: Config, path: str | Path) -> dict[str, Any]:
    """Measure stored predictions on the true masks of a config's test set; no model is run.

    Args:
        cfg: Config whose ``test_dataloader`` names the photos and ``test_evaluator`` the metrics. Writers, and
            metrics of what the files do not hold, are left out.
        path: The predictions, see :func:`~projects.wsis.inspection.stored_predictions.find_predictions`.

    Returns:
        The metrics by name, as ``tools/test.py`` gives them.

    Raises:
        FileNotFoundError: If there are no predictions, or none of a photo.
        ValueError: If no metric of the config measures what is there, or the files do not fit the data set; one line.
    """
    dataset, samples = read_samples(cfg, path)
    first = next(samples)
    metrics = select_metrics(cfg, first)
    evaluator = Evaluator(metrics)
    evaluator.dataset_meta = dataset.metainfo
    evaluator.process([first])
    for sample in samples:
        evaluator.process([sample])
    return evaluator.evaluate(len(dataset))


def read_samples(cfg: Config, path: str | Path) -> tuple[TagDataset, Iterator[DetDataSample]]:
    """Return the photos of a config's test set, and their samples with truth and stored predictions, one by one."""
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    dataset = build_photo_dataset(cfg, with_masks=True, keep=('filter_cfg', 'mode'))
    return dataset, _read_all(dataset, find_predictions(path, dataset.metainfo['classes']))


def _read_all(dataset: TagDataset, readers: Sequence[Reader]) -> Iterator[DetDataSample]:
    load_masks = LoadEvaluationMasks()
    for index in tqdm(range(len(dataset)), unit='image', disable=None):
        sample = pack_truth(load_masks(dataset.get_data_info(index)))
        for read in readers:
            read(sample)
        yield sample


def select_metrics(cfg: Config, sample: DetDataSample) -> list[BaseMetric]:
    """Return those metrics of a config's ``test_evaluator`` that measure what a sample holds.

    Raises:
        ValueError: If there is none.
    """
    settings = cfg.get('test_evaluator') or []
    settings = settings if isinstance(settings, (list, tuple)) else [settings]
    built = [METRICS.build(entry) for entry in settings if not _is_writer(entry)]
    # metrics of other libraries do not say what they measure
    held = sorted(sample.all_keys())
    fitting = [metric for metric in built if getattr(metric, 'measured_field', None) in (None, '', *held)]
    if not fitting:
        raise ValueError(
            f'no metric of {cfg.filename} measures what the predictions hold ({_name(held)}); it has: '
            f'{", ".join(type(metric).__name__ for metric in built) or "none"}'
        )
    return fitting


def _name(fields: Sequence[str]) -> str:
    return ', '.join(name for name in fields if name.startswith('pred_'))


def _is_writer(settings: dict[str, Any]) -> bool:
    return issubclass(METRICS.get(settings['type']), (StoreWriter, PredictionWriter))
