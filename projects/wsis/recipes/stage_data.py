"""The inputs of a stage that no other stage has made: splits, tags, annotations, photos and weights, as short facts."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..datasets import DataSource, find_tag_dataset
from ..structures import hash_content, hash_file


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


def describe_path(path: str) -> str | None:
    """Return a fact that changes with the content of a file, or with the names, sizes and times of a folder's files."""
    return _describe_source(DataSource(path))


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
    if kind := find_tag_dataset(settings):
        sources = kind.describe_sources(settings)
    else:
        root, prefix = settings.get('data_root') or '', settings.get('data_prefix') or {}
        ann_file = settings.get('ann_file')
        sources = [DataSource(os.path.join(root, ann_file))] if isinstance(ann_file, str) and ann_file else []
        sources += [DataSource(os.path.join(root, prefix[key])) for key in ('img', 'img_path') if prefix.get(key)]
    return [_describe_source(source) for source in sources]


def _describe_source(source: DataSource) -> str | None:
    if os.path.isdir(source.path):
        return hash_content(_list_files(source))
    return _describe_file(source.path)


def _list_files(source: DataSource) -> list[list[Any]]:
    """Return path, size and time of change of the files of a folder that count."""
    found: list[list[Any]] = []
    folders = [source.path]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if source.stems is not None and os.path.splitext(entry.name)[0] not in source.stems:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        folders += [entry.path] if source.stems is None and entry.name[0] != '.' else []
                    elif source.endings is None or entry.name.lower().endswith(source.endings):
                        status = entry.stat()
                        found.append([os.path.relpath(entry.path, source.path), status.st_size, status.st_mtime_ns])
        except OSError:  # a dead link, or a folder that has just gone: what is missing is a fact as well
            continue
    return sorted(found)
