"""The class list that a run is for."""

from collections.abc import Mapping
from typing import Any

from mmengine.registry import DATASETS

from .dataset_settings import innermost_dataset


def find_class_list(cfg: Mapping[str, Any], training: bool) -> list[str] | None:
    """Return the class names of the data set that a config trains or tests on; None if they are not known.

    They are read from the config, so that a wrong checkpoint is refused before the data set is read.

    Args:
        cfg: The whole config.
        training: Whether it is trained; else tested.
    """
    dataset = innermost_dataset((cfg.get('train_dataloader' if training else 'test_dataloader') or {}).get('dataset'))
    if not isinstance(dataset, Mapping):
        return None
    classes = (dataset.get('metainfo') or {}).get('classes')
    if classes is None:
        kind = dataset.get('type')
        kind = DATASETS.get(kind) if isinstance(kind, str) else kind
        classes = getattr(kind, 'METAINFO', {}).get('classes')
    return list(classes) if isinstance(classes, (list, tuple)) else None
