"""Choosing the data set of a config: one file replaces the data set of the config."""

import importlib
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..datasets.class_list import check_classes
from ..engine.dataset_settings import find_named_classes
from ..engine.mmengine_names import wrapped_config_reading

DATA_FOLDER = 'datasets'
IMPORTS = 'custom_imports'
# what such a file defines
NEEDED = ('classes', 'num_classes', 'metainfo', 'data_root', 'photo_folder', 'weak_dataset', 'label_dataset')
UNTAGGED = ('negative', 'ignore')


class MissingNameError(ValueError):
    """A data set's file lacks something that a config reads.

    Attributes:
        name: What it lacks.
    """

    def __init__(self, message: str, name: str) -> None:
        super().__init__(message)
        self.name = name


def read_config(path: str | Path, data: str | Path | None = None) -> Config:
    """Read a config, with another data set if one is given.

    Among the bases of a config one file describes the data set; it lies in a folder named ``datasets``. With ``data``
    that file is read in its place, so that all that the config derives from it follows: class list, number of classes,
    folders, splits. ``custom_imports`` of it, such as the module of a reader of its own, join those of the config.

    Args:
        path: The config.
        data: A file like those in ``configs/_base_/datasets``, or None for the config's own.

    Raises:
        ValueError: If the config cannot be read or has no data set of its own, or if ``data`` does not describe one;
            one line says what is missing.
    """
    if data is None:
        return _read(path)
    known = check_data_file(data)
    with _replaced_data(Path(data).resolve()) as replaced:
        try:
            cfg = _read(path)
        except ValueError as error:
            name = _find_missing_name(error.__cause__)
            if name is None or name in known:
                raise
            raise MissingNameError(
                f'{data} does not define {name}, which config {path} reads; see configs/_base_/datasets', name
            ) from error
    # the stages of a recipe have data sets of their own, to be replaced in turn
    if not replaced and 'stages' not in cfg:
        raise ValueError(
            f'config {path} has no data set that --data could replace: none of its bases is in a folder `{DATA_FOLDER}`'
        )
    _add_imports(cfg, known)
    return cfg


def check_data_file(path: str | Path) -> Config:
    """Check that a file describes a data set, and return what it defines.

    Raises:
        ValueError: If something is missing, or the class list is wrong.
    """
    data = _read(path)
    if missing := [name for name in NEEDED if name not in data]:
        raise ValueError(
            f'{path} describes no data set: it does not define {", ".join(missing)}; see configs/_base_/datasets'
        )
    try:
        check_classes(data.classes)
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from None
    if data.num_classes != len(data.classes):
        raise ValueError(f'{path}: num_classes is {data.num_classes!r}, but there are {len(data.classes)} classes')
    given = data.metainfo.get('classes') if isinstance(data.metainfo, dict) else None
    if not isinstance(given, (list, tuple)) or list(given) != list(data.classes):
        raise ValueError(f'{path}: metainfo.classes are not the classes: write metainfo = dict(classes=classes)')
    for name in ('weak_dataset', 'label_dataset', 'val_dataset'):
        _check_dataset(data.get(name), f'{path}: {name}', required=name != 'val_dataset')
    if data.get('untagged_photos', UNTAGGED[0]) not in UNTAGGED:
        raise ValueError(f'{path}: untagged_photos is {data.untagged_photos!r}; it is one of {", ".join(UNTAGGED)}')
    return data


def drop_missing_validation(cfg: Config) -> None:
    """Leave out validation, in place, where the data set has no val split (``val_dataset`` is empty or None).

    What tests on the same split has nothing to test either; making labels of training images is not touched.
    """
    if 'val_dataset' not in cfg or cfg.val_dataset:
        return
    for phase in ('val', 'test'):
        loader = cfg.get(f'{phase}_dataloader')
        if loader and (phase == 'val' or not (loader.get('dataset') or {}).get('data_root')):
            for part in ('dataloader', 'evaluator', 'cfg'):
                cfg[f'{phase}_{part}'] = None


def check_class_counts(cfg: Config) -> None:
    """Check that the heads of the model have as many classes as the class list of the data.

    Raises:
        ValueError: If one has another number; the line names it.
    """
    classes = _find_classes(cfg)
    if classes is None or not cfg.get('model'):
        return
    fitting = (len(classes), len(classes) + 1)  # semantic heads have the background too
    for key, count in _find_counts(cfg.model, 'model'):
        if count not in fitting:
            raise ValueError(
                f'{key} is {count}, but the class list of the data has {len(classes)} ({", ".join(classes[:3])}, ...): '
                'leave num_classes to the data set, or choose the right one with --data'
            )


def _check_dataset(settings: Any, name: str, required: bool) -> None:
    if not settings and not required:
        return
    if not isinstance(settings, dict):
        raise ValueError(f'{name} is {settings!r}: it is a dict with the type and the settings of a data set')
    if missing := [key for key in ('type', 'data_root', 'metainfo') if key not in settings]:
        raise ValueError(f'{name} lacks {", ".join(missing)}')


def _find_missing_name(error: BaseException | None) -> str | None:
    """Return the name that a config has looked for among its bases in vain."""
    found = re.search(r"'ConfigDict' object has no attribute '(\w+)'", str(error))
    return found[1] if isinstance(error, AttributeError) and found else None


def _read(path: str | Path) -> Config:
    _import_mmseg()
    try:
        return Config.fromfile(str(path))
    except Exception as error:  # a config is Python, which may raise anything
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise ValueError(f'config {path} cannot be read: {reason}') from error


def _import_mmseg() -> None:
    """Import what nearly all configs do, without the lines that mmseg prints of a library that it can do without."""
    with redirect_stdout(io.StringIO()), suppress(Exception):  # a config that needs it says what is wrong
        importlib.import_module('mmseg.datasets.transforms')


@contextmanager
def _replaced_data(data: Path) -> Iterator[list[str]]:
    """While this holds, mmengine reads ``data`` wherever a config names a base in a folder ``datasets``.

    Yields:
        The files that were replaced, filled while configs are read.
    """
    replaced: list[str] = []
    own = {data}  # the file and its bases, and theirs

    def find_base(find: Callable, cfg_path: str, filename: str) -> tuple[str, str | None]:
        found, scope = find(cfg_path, filename)
        if Path(filename).resolve() in own:
            own.add(Path(found).resolve())
        elif scope is None and Path(found).resolve().parent.name == DATA_FOLDER:
            replaced.append(found)
            return str(data), None
        return found, scope

    def read_file(read: Callable, filename: str, *args: Any, **kwargs: Any) -> tuple:
        content, *others = read(filename, *args, **kwargs)
        if replaced and Path(filename).resolve() == data:
            content.pop(IMPORTS, None)  # mmengine allows no name in two bases, and the runtime has this one too
        return content, *others

    with wrapped_config_reading(find_base, read_file):
        yield replaced


def _add_imports(cfg: Config, data: Config) -> None:
    """Let a config import what a data set's file imports too, so that a dump of it can be read alone."""
    own = (data.get(IMPORTS) or {}).get('imports') or []
    own = [own] if isinstance(own, str) else own
    if own and 'stages' not in cfg:
        known = (cfg.get(IMPORTS) or {}).get('imports') or []
        cfg[IMPORTS] = dict(imports=list(dict.fromkeys([*known, *own])), allow_failed_imports=False)


def _find_classes(cfg: Config) -> list[str] | None:
    loaders = (cfg.get(f'{phase}_dataloader') or {} for phase in ('train', 'test', 'val'))
    return next(filter(None, (find_named_classes(loader.get('dataset')) for loader in loaders)), None)


def _find_counts(node: Any, key: str) -> Iterator[tuple[str, int]]:
    """Yield the dotted key and value of every ``num_classes`` below a part of the model."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, (list, tuple)) else ()
    for name, child in children:
        if name == 'num_classes' and isinstance(child, int):
            yield f'{key}.num_classes', child
        else:
            yield from _find_counts(child, f'{key}.{name}')
