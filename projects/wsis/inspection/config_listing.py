"""The data sets of a config or a data set file."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..apis.configs import load_config
from ..datasets import find_tag_dataset
from .dataset_listing import list_dataset
from .findings import make_findings
from .photo_listing import PhotoListing, join_listings

# Name in a data file -> what its photos are for.
DATA_FILE_SPLITS = dict(weak_dataset='train', label_dataset='train', val_dataset='val')
LOADER_SPLITS = dict(train_dataloader='train', val_dataloader='val', test_dataloader='test')


def list_config(path: str | Path) -> PhotoListing:
    """Read the lists of all tag data sets of a config, or of a data file.

    Args:
        path: Config of a stage, or a file that describes a data set (``configs/_base_/datasets/``).

    Returns:
        What the lists say; faults of them are among its findings.

    Raises:
        FileNotFoundError: If the config does not exist.
        ValueError: If it cannot be read or names no tag data set.
    """
    cfg = load_config(path)
    found: list[tuple[Mapping[str, Any], str]] = []
    for dataset in _find_datasets(cfg):
        if dataset not in found:  # labels are mostly made of the very photos that are trained on
            found.append(dataset)
    listings = [list_dataset(settings, split) for settings, split in found]
    if not listings:
        raise ValueError(f'{path} names no data set of photos with tags: give a data file or the config of a stage')
    listing = join_listings(listings)
    if cfg.get('num_classes') not in (None, len(listing.classes)):
        fault = f'num_classes is {cfg.num_classes}, but the class list has {len(listing.classes)} names'
        listing.findings += make_findings('bad_class_list', [fault])
    return listing


def _find_datasets(cfg: Config) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yield the settings of each tag data set and what its photos are for."""
    loaders = {name: cfg.get(name) for name in LOADER_SPLITS if cfg.get(name)}
    if not loaders:
        for name, split in DATA_FILE_SPLITS.items():
            if cfg.get(name):
                yield cfg[name], split
        return
    for name, loader in loaders.items():
        for settings in _unwrap(loader.get('dataset') if isinstance(loader, Mapping) else None):
            # labels are made of the photos that are trained on
            yield settings, 'train' if settings.get('mode') == 'pseudo_label' else LOADER_SPLITS[name]


def _unwrap(settings: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the tag data sets inside wrappers such as RepeatDataset and ConcatDataset."""
    if find_tag_dataset(settings):
        yield settings
    elif not isinstance(settings, Mapping):
        return
    elif 'dataset' in settings:
        yield from _unwrap(settings['dataset'])
    else:
        for inner in settings.get('datasets', ()):
            yield from _unwrap(inner)
