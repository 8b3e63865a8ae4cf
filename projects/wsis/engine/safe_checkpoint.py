"""The only checkpoint loader: no code in a file is ever run, whatever library or scheme loads it.

mmengine loads checkpoints through `CheckpointLoader`, which picks a function by the scheme of the path (a local file,
`https://`, `torchvision://` ...). The onedl distribution of mmengine falls back to unrestricted pickle when torch's
restricted loader refuses a file; the original distribution cannot load its own checkpoints on torch >= 2.6.
`load_checkpoint_safely` reads all these schemes with `weights_only=True`, knows mmengine's own types, and has no
fallback. Importing this changes nothing; `safe_loading` lets mmengine load by it too, for as long as it is asked to.
"""

import codecs
import hashlib
import os
import pickle
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import ConfigDict
from mmengine.dist import barrier, get_world_size
from mmengine.fileio import get_file_backend
from mmengine.logging import HistoryBuffer
from mmengine.runner import checkpoint as mmengine_checkpoint
from torch.hub import download_url_to_file, get_dir
from torch.serialization import add_safe_globals, clear_safe_globals, get_safe_globals

from .mmengine_names import find_cache_folder

STATISTICS = ('min', 'max', 'current', 'mean')
NUMPY_TYPE_CODES = '?bBhHiIlLqQefdgFD'
URL_SCHEMES = ('http://', 'https://')
# resnet50-0676ba61.pth, mask_rcnn_r50_fpn_1x_coco_20200205-d4b0c5d6.pth
HASHED_NAME = re.compile(r'-[0-9a-f]{8,}\.pth$')
NAMED_SCHEMES = ('modelzoo://', 'torchvision://', 'open-mmlab://', 'openmmlab://', 'mmcls://')
STORAGE_SCHEMES = (r'(\S+\:)?s3://', r'(\S+\:)?petrel://')
# a path without a scheme, and all other schemes: a library that registers one may load with code
LOCAL_SCHEME, OTHER_SCHEMES = '', r'(?:\S+)://'


def _statistic_of_history_buffer(owner: type, name: str) -> Callable:
    """Stand in for `getattr` while reading: a saved `HistoryBuffer` names its four statistics through it.

    Raises:
        pickle.UnpicklingError: For any other attribute: with the real `getattr` a file could reach any function.
    """
    if owner is not HistoryBuffer or name not in STATISTICS:
        raise pickle.UnpicklingError(f'Unsupported global: GLOBAL getattr({owner!r}, {name!r})')
    return getattr(HistoryBuffer, name)


# torch knows an allowed function by its module and name; under these the restricted reader meets `getattr`
_statistic_of_history_buffer.__module__ = 'builtins'
_statistic_of_history_buffer.__name__ = _statistic_of_history_buffer.__qualname__ = 'getattr'


def safe_types() -> list[Any]:
    """Return what a checkpoint of mmengine's Runner holds beyond tensors and containers; all of it is plain data."""
    multiarray = np._core.multiarray if hasattr(np, '_core') else np.core.multiarray
    types = [
        HistoryBuffer,
        _statistic_of_history_buffer,
        ConfigDict,
        np.ndarray,
        np.dtype,
        multiarray._reconstruct,
        multiarray.scalar,
        codecs.encode,  # of bytes; torch < 2.6 does not list it itself
    ]
    types += {type(np.dtype(code)) for code in NUMPY_TYPE_CODES}
    return types


def _old_numpy_names() -> list[Any]:
    """Return the functions that files written by numpy 1 name by their old module (torch >= 2.6 takes such aliases)."""
    if not hasattr(np, '_core') or tuple(map(int, torch.__version__.split('.')[:2])) < (2, 6):
        return []
    multiarray = np._core.multiarray
    return [
        (multiarray._reconstruct, 'numpy.core.multiarray._reconstruct'),
        (multiarray.scalar, 'numpy.core.multiarray.scalar'),
    ]


READING = threading.Lock()


def _stands_for_getattr(entry: Any) -> bool:
    """Whether torch would let a file call the real `getattr` by an entry of its list of allowed types."""
    return entry is getattr or (isinstance(entry, tuple) and entry[-1] == 'builtins.getattr')


@contextmanager
def _allowed_types() -> Iterator[None]:
    """Let torch's restricted reader build what :func:`safe_types` lists, and put its list back afterwards.

    The list is one for the whole process, so one thread reads at a time. What the user has allowed stays allowed, but
    for `getattr` itself, by which a file reaches any function.
    """
    with READING:
        before = get_safe_globals()
        clear_safe_globals()
        add_safe_globals([entry for entry in before if not _stands_for_getattr(entry)])
        add_safe_globals(safe_types() + _old_numpy_names())
        try:
            yield
        finally:
            clear_safe_globals()
            add_safe_globals(before)


# how torch's restricted reader words that a file names something it will not run or build
UNSAFE_CONTENT = re.compile(
    r'(?:Unsupported global: GLOBAL|Unsupported class|unsupported GLOBAL|unsupported class|'
    r'unrecognized function|but got) +(.+?)(?: was not an allowed| whose module| Please| Check the documentation|$)'
)
READER_REASON = re.compile(r'(?:WeightsUnpickler error: *)?(.+?)(?: Check the documentation.*| If you are seeing.*)?$')


def _explain(error: Exception, source: str) -> str:
    """Return one line that says what is wrong with a checkpoint that torch refused."""
    text = ' '.join(str(error).split())
    unsafe = UNSAFE_CONTENT.search(text) if isinstance(error, pickle.UnpicklingError) else None
    if unsafe is not None:
        return (
            f'checkpoint {source} is refused: it wants to run or build `{unsafe.group(1)}`, which is not plain data; '
            'if its source can be trusted, convert it to plain tensors'
        )
    reason = READER_REASON.sub(r'\1', text.rsplit('WeightsUnpickler error:', 1)[-1].strip())
    return (
        f'checkpoint {source} is damaged or not a checkpoint of PyTorch ({type(error).__name__}: {reason[:120]}): '
        'a copy or download may have stopped half way; get it again'
    )


def read_safely(file: str | Path | BytesIO, source: str | Path, map_location: Any = None) -> Any:
    """Read a checkpoint as plain data.

    Args:
        file: A local path or the bytes of a file.
        source: What the user called it, for messages.
        map_location: As of `torch.load`.

    Returns:
        What was saved, usually a dict.

    Raises:
        ValueError: If the file holds anything but plain data, is damaged, or is no checkpoint. One line.
    """
    try:
        with _allowed_types():
            return torch.load(file, map_location=map_location, weights_only=True)
    except Exception as error:  # a damaged file makes the reader raise errors of a dozen kinds
        if 'CUDA' in str(error):  # the file is fine, the device is not
            raise
        raise ValueError(_explain(error, str(source))) from None


def _is_first_of_node() -> bool:
    """Return whether this process fetches files for its node; nodes need not share a disk."""
    local_rank = os.environ.get('OMPI_COMM_WORLD_LOCAL_RANK', os.environ.get('LOCAL_RANK', '0'))
    return get_world_size() == 1 or int(local_rank) == 0


def download_checkpoint(url: str, model_dir: str | None = None, progress: bool = True) -> Path:
    """Fetch a URL into torch's cache (the first process of each node only) and return the local file.

    The file's name holds a hash of the URL, as those of different models often end in the same name; but for names that
    hold a hash of the content already, as torch's and mm's own do: their files in the cache are used.

    Raises:
        ValueError: If it cannot be fetched.
    """
    name = Path(url.split('?')[0]).name
    if not HASHED_NAME.search(name):
        name = f'{hashlib.sha256(url.encode()).hexdigest()[:8]}-{name}'
    target = Path(model_dir or Path(get_dir()) / 'checkpoints') / name
    failure = None
    if _is_first_of_node() and not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            download_url_to_file(url, str(target), progress=progress)  # writes under another name, then renames
        except Exception as error:  # urllib, ssl and http raise many kinds
            failure = error
    barrier()
    if failure is not None or not target.is_file():
        raise ValueError(
            f'checkpoint {url} cannot be downloaded ({failure or "the first process failed"}): fetch it '
            f'by hand, put it at {target}, or name a local file'
        ) from None
    return target


def load_from_local(filename: str, map_location: Any = None) -> Any:
    """Load a local file; see `load_checkpoint_safely`."""
    path = Path(filename).expanduser()
    if path.is_dir():
        raise ValueError(f'checkpoint {filename} is a folder: name the .pth file in it')
    if not path.is_file():
        raise FileNotFoundError(f'checkpoint {filename} not found (current folder: {Path.cwd()}): check the path')
    return read_safely(path, filename, map_location)


def load_from_http(
    filename: str,
    map_location: Any = None,
    model_dir: str | None = None,
    progress: bool = os.isatty(0),
) -> Any:
    """Load from a URL by way of torch's download cache; see `load_checkpoint_safely`."""
    path = download_checkpoint(filename, model_dir, progress)
    return read_safely(path, f'{filename} (cached as {path})', map_location)


def load_from_storage(filename: str, map_location: Any = None, backend: str = 'petrel') -> Any:
    """Load from an object store that mmengine knows (`s3://`, `petrel://`)."""
    content = get_file_backend(filename, backend_args={'backend': backend}).get(filename)
    return read_safely(BytesIO(content), filename, map_location)


def load_from_named(filename: str, map_location: Any = None) -> Any:
    """Load one of the models that mmengine knows by name, such as `torchvision://resnet50` or `open-mmlab://...`.

    Raises:
        ValueError: See :func:`find_address`.
    """
    address = find_address(filename)
    if not address.startswith(URL_SCHEMES):
        return load_from_local(address, map_location)
    content = load_from_http(address, map_location)
    if filename.startswith('mmcls://'):  # classifiers name their backbone's weights `backbone.*`
        weights = content.get('state_dict', content)
        content = dict(
            state_dict={
                key.removeprefix('backbone.'): value for key, value in weights.items() if key.startswith('backbone.')
            }
        )
    return content


def find_address(filename: str) -> str:
    """Return the URL or file of a model that mmengine knows by name, such as `open-mmlab://mmdet/mobilenet_v2`.

    Raises:
        ValueError: If the name is unknown, or torchvision is needed for it and missing.
    """
    scheme, name = filename.split('://', 1)
    if scheme in ('torchvision', 'modelzoo'):
        try:
            addresses = mmengine_checkpoint.get_torchvision_models()
        except ImportError:
            raise ValueError(
                f'checkpoint {filename} needs torchvision, which is not installed: name the weights by '
                'their URL or a local file instead'
            ) from None
    elif scheme == 'mmcls':
        addresses = mmengine_checkpoint.get_mmcls_models()
    else:
        addresses = mmengine_checkpoint.get_external_models()
        name = mmengine_checkpoint.get_deprecated_model_names().get(name, name)
    if name not in addresses:
        raise ValueError(f'checkpoint {filename}: {scheme} knows no model of this name')
    address = addresses[name]
    is_url = address.startswith(URL_SCHEMES)
    return address if is_url else str(find_cache_folder() / address)


def refuse_scheme(filename: str, map_location: Any = None) -> Any:
    """Refuse a scheme that cannot be read as plain data."""
    raise ValueError(f'checkpoint {filename}: this scheme is not supported; download the file and name it instead')


# by the start of a path, as mmengine's own table: the first that matches counts
LOADERS: dict[str, Callable] = {
    **dict.fromkeys(URL_SCHEMES, load_from_http),
    **dict.fromkeys(NAMED_SCHEMES, load_from_named),
    **dict.fromkeys(STORAGE_SCHEMES, load_from_storage),
    OTHER_SCHEMES: refuse_scheme,
    LOCAL_SCHEME: load_from_local,
}


def load_checkpoint_safely(filename: str | Path, map_location: Any = 'cpu') -> Any:
    """Load a checkpoint of any scheme as plain data; hooks, converters and the inferencer call this.

    Args:
        filename: A local path, URL, `torchvision://name`, `open-mmlab://name`, `s3://...`.
        map_location: As of `torch.load`.

    Returns:
        What was saved, usually a dict with `state_dict`.

    Raises:
        FileNotFoundError: If a local file does not exist.
        ValueError: If it is damaged, no checkpoint, or holds anything but plain data; the message names the type.
    """
    filename = str(filename)
    loader = next(loader for scheme, loader in LOADERS.items() if re.match(scheme, filename))
    return loader(filename, map_location)
