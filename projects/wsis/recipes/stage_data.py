"""What a stage reads that no other stage has made: splits, tags, annotations, photos and weights, as short facts."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..datasets.tags_file import photo_stem
from ..datasets.voc import DEFAULT_FOLDERS, DEFAULT_SPLIT, list_split_files
from ..structures import hash_content, hash_file

MASK_FOLDERS = ('sem_seg', 'instance')


def describe_data(config: dict[str, Any], action: str) -> list[Any]:
    """Return facts that change with the data and weights a stage reads.

    Small files count by their content, photos, annotations and masks by name, size and time of change: reading
    thousands of them would take longer than a stage that is skipped may take. What is missing is a fact as well.

    Args:
        config: The config with its options; what another stage makes is None in it.
        action: ``train`` (every dataloader but that of the test) or ``predict`` (that of the test only).
    """
    names = [key for key in sorted(config) if key.endswith('_dataloader')]
    names = [key for key in names if (key == 'test_dataloader') == (action == 'predict')]
    datasets = [dataset for name in names for dataset in _find_datasets(config[name])]
    weights = [config.get('load_from'), *_find_weights(config.get('model'))]
    return [[_describe_dataset(dataset) for dataset in datasets], [_describe_file(path) for path in weights if path]]


def describe_folder(folder: str) -> str:
    """Return a fact that changes with the files of a folder, by their name, size and time of change."""
    return hash_content(_list_files(folder, photos=None))


def _children(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        yield from node.values()
    elif isinstance(node, (list, tuple)):
        yield from node


def _find_datasets(node: Any) -> Iterator[dict]:
    """Yield the settings of all data sets, also of those inside wrappers."""
    if isinstance(node, dict) and {'ann_file', 'data_prefix', 'data_root'} & set(node):
        yield node
        return
    for child in _children(node):
        yield from _find_datasets(child)


def _find_weights(node: Any) -> Iterator[str]:
    """Yield the checkpoints that the parts of a model are initialised from."""
    if isinstance(node, dict) and node.get('init_cfg'):
        initialisers = node['init_cfg'] if isinstance(node['init_cfg'], (list, tuple)) else [node['init_cfg']]
        yield from (one['checkpoint'] for one in initialisers if isinstance(one, dict) and one.get('checkpoint'))
    for child in _children(node):
        yield from _find_weights(child)


def _describe_file(path: str) -> str | None:
    """Return the hash of a local file; None for URLs (the config names them) and for what is missing."""
    try:
        return hash_file(Path(path).expanduser())
    except OSError:
        return None


def _describe_dataset(settings: dict[str, Any]) -> list[Any]:
    root = settings.get('data_root') or ''
    files = [os.path.join(root, file) for file in list_split_files(settings.get('ann_file', DEFAULT_SPLIT) or ())]
    hashes = [_describe_file(file) for file in files]
    if tags_file := settings.get('tags_file'):
        hashes.append(_describe_file(os.path.join(root, tags_file)))
    if points_file := settings.get('points_file'):
        hashes.append(_describe_file(points_file))
    prefix = settings.get('data_prefix') or {}
    if settings.get('type') == 'VOCTagDataset':
        kinds = [kind for kind in DEFAULT_FOLDERS if settings.get('with_masks') or kind not in MASK_FOLDERS]
        folders, photos = [prefix.get(kind, DEFAULT_FOLDERS[kind]) for kind in kinds], _read_names(files)
        folders += [prefix['saliency']] if prefix.get('saliency') else []
    else:
        folders, photos = [prefix[kind] for kind in ('img', 'img_path') if prefix.get(kind)], None
    return [hashes, [hash_content(_list_files(os.path.join(root, folder), photos)) for folder in folders]]


def _read_names(split_files: list[str]) -> set[str]:
    """Return the photos that splits name, without folder and file ending."""
    names = set()
    for file in split_files:
        try:
            lines = Path(file).read_text(encoding='utf-8-sig', errors='replace').splitlines()
        except OSError:
            continue
        for line in filter(None, map(str.strip, lines)):  # a name with blanks, or followed by a mask or a number
            names.update(photo_stem(Path(name).name) for name in (line, line.rsplit(None, 1)[0], line.split()[0]))
    return names


def _list_files(folder: str, photos: set[str] | None) -> list[list[Any]] | None:
    """Return name, size and time of change of the files of some photos (None: of all); None without such a folder."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if photos is None or os.path.splitext(entry.name)[0] in photos:
                    status = entry.stat()
                    found.append([entry.name, status.st_size, status.st_mtime_ns])
    except OSError:
        return sorted(found) or None
    return sorted(found)
