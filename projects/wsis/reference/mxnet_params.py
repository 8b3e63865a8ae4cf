"""Reading parameter files of MXNet without MXNet: the ImageNet weights of ResNet-38 are published as one."""

import re
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch

LIST_MAGIC = 0x112
# An array begins with one of these, or, in the oldest files, at once with its number of dimensions.
V1_MAGIC, V2_MAGIC, V3_MAGIC = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
TYPES = {0: np.float32, 1: np.float64, 2: np.float16, 3: np.uint8, 4: np.int32, 5: np.int8, 6: np.int64}
MOST_DIMENSIONS = 8
BATCH_NORM = dict(gamma='weight', beta='bias', mean='running_mean', var='running_var')
BLOCK_NAME = re.compile(r'(res|bn)(\d)(?:a|b(\d))_(branch\w+?)_(?:moving_)?(weight|gamma|beta|mean|var)')
LAST_NORM_NAME = re.compile(r'bn7_(?:moving_)?(gamma|beta|mean|var)')


def read_mxnet_params(path: str | Path) -> dict[str, torch.Tensor]:
    """Read the arrays of a ``.params`` file by name; nothing in it is run.

    Args:
        path: The file, as written by ``mxnet.nd.save`` of any version (dense arrays).

    Returns:
        Tensors by name, e.g. ``arg:conv1a_weight``.

    Raises:
        FileNotFoundError: If it does not exist.
        ValueError: If it is no such file, damaged, or holds sparse arrays.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'{path} not found')
    try:
        with open(path, 'rb') as file:
            magic, _, count = _unpack(file, '<QQQ')
            if magic != LIST_MAGIC:
                raise ValueError('it does not begin as one')
            arrays = [_read_array(file, path.stat().st_size) for _ in range(count)]
            (names_count,) = _unpack(file, '<Q')
            if names_count != count:
                raise ValueError(f'{count} arrays have {names_count} names')
            names = [_read_name(file) for _ in range(count)]
    except (ValueError, EOFError, UnicodeDecodeError) as error:
        raise ValueError(f'{path} is no parameter file of MXNet, or damaged: {error}') from None
    return dict(zip(names, arrays))


def name_as_pytorch(params: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Give the parameters of the ImageNet ResNet-38 the names that PSA, SEAM, EPS and PPC have for them.

    Names that are none of this network's stay as they are, so that a converter can name them.
    """
    return {_name_as_pytorch(name): tensor for name, tensor in params.items()}


def _name_as_pytorch(name: str) -> str:
    plain = re.sub(r'^(arg|aux):', '', name)
    if match := BLOCK_NAME.fullmatch(plain):
        kind, stage, number, branch, what = match.groups()
        block = f'b{stage}' + (f'_{number}' if number else '')
        if (kind == 'res') == (what == 'weight'):
            return f'{block}.{"conv" if kind == "res" else "bn"}_{branch}.{BATCH_NORM.get(what, what)}'
    if match := LAST_NORM_NAME.fullmatch(plain):
        return f'bn7.{BATCH_NORM[match[1]]}'
    if match := re.fullmatch(r'(conv1a|linear1000)_(weight|bias)', plain):
        return f'{match[1]}.{match[2]}'
    return name


def _unpack(file: BinaryIO, layout: str) -> tuple:
    content = file.read(struct.calcsize(layout))
    if len(content) < struct.calcsize(layout):
        raise EOFError('it ends too early')
    return struct.unpack(layout, content)


def _read_array(file: BinaryIO, file_size: int) -> torch.Tensor:
    """Read one array: its shape, the device it was on, its type, and its values."""
    (magic,) = _unpack(file, '<I')
    if magic in (V2_MAGIC, V3_MAGIC) and _unpack(file, '<i') != (0,):
        raise ValueError('it holds a sparse array')
    legacy = magic not in (V1_MAGIC, V2_MAGIC, V3_MAGIC)
    dimensions = magic if legacy else _unpack(file, '<I')[0]
    if not 0 < dimensions <= MOST_DIMENSIONS:
        raise ValueError(f'it holds an array of {dimensions} dimensions')
    shape = _unpack(file, f'<{dimensions}{"I" if legacy else "q"}')
    _, _, kind = _unpack(file, '<iii')
    if kind not in TYPES or min(shape) < 0:
        raise ValueError(f'it holds an array of shape {shape} and type {kind}')
    count = int(np.prod(shape, dtype=object))
    if count * np.dtype(TYPES[kind]).itemsize > file_size - file.tell():
        raise EOFError('it ends too early')
    return torch.from_numpy(np.fromfile(file, np.dtype(TYPES[kind]).newbyteorder('<'), count).reshape(shape))


def _read_name(file: BinaryIO) -> str:
    (length,) = _unpack(file, '<Q')
    content = file.read(min(length, 4096))
    if len(content) < length:
        raise EOFError('a name is cut off')
    return content.decode()
