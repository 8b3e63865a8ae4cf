"""Files as an attacker would make them, and the limits within which they have to be refused."""

import hashlib
import os
import re
import resource
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

MEMORY, SECONDS = 1 << 30, 20
_SIGNATURE = b'\x89PNG\r\n\x1a\n'


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple:
        return os.system, (f'touch {self.marker}',)


def save_hostile_checkpoint(path: Path, marker: Path, **content) -> Path:
    """Write a checkpoint that makes ``marker`` when it is unpickled freely."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(dict(content, state_dict={'weight': torch.zeros(1)}, meta=dict(payload=Payload(marker))), path)
    return path


def write_png_bomb(path: Path, side: int = 50_000) -> Path:
    """Write a PNG of a few bytes whose header states ``side x side`` pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))

    head = struct.pack('>IIBBBBB', side, side, 8, 0, 0, 0, 0)
    content = chunk(b'IHDR', head) + chunk(b'IDAT', zlib.compress(bytes(1000))) + chunk(b'IEND', b'')
    path.write_bytes(_SIGNATURE + content)
    return path


def make_npy(shape: tuple[int, ...], kind: str = '<f4', values: bytes = bytes(100)) -> bytes:
    """Return the content of an npy file whose header states a shape, whatever values follow."""
    head = repr(dict(descr=kind, fortran_order=False, shape=shape)).encode()
    head += b' ' * (-(len(head) + 11) % 64) + b'\n'
    return np.lib.format.MAGIC_PREFIX + b'\x01\x00' + struct.pack('<H', len(head)) + head + values


def write_npz(path: Path, **members: bytes) -> Path:
    """Write an npz file of given contents."""
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f'{name}.npy', content)
    return path


def laugh(depth: int) -> str:
    """Return a VOC file whose one name grows to ``10 ** depth`` copies of a word, if entities are put in."""
    entities = ''.join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, depth + 1))
    name = f'<object><name>&e{depth};</name></object>'
    return f'<!DOCTYPE annotation [<!ENTITY e0 "laugh">{entities}]><annotation>{name}</annotation>'


@contextmanager
def limited() -> Iterator[None]:
    """Allow a gibibyte of memory beyond what is used already."""
    used = int(re.search(r'VmSize:\s+(\d+)', Path('/proc/self/status').read_text())[1]) * 1024
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def refuse(read: Callable[[], object], source: str | Path = '') -> str:
    """Check that reading ends, within the limits, with one line that names the source; return that line."""
    started = time.monotonic()
    with limited(), pytest.raises((ValueError, FileNotFoundError)) as caught:
        read()
    line = str(caught.value)
    assert type(caught.value) is not UnicodeDecodeError
    assert line.isprintable(), repr(line)
    assert str(source) in line and len(line) < 6000
    assert time.monotonic() - started < SECONDS
    return line


def list_files(folder: Path) -> dict[str, bytes]:
    """Return the content of all files below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob('*') if path.is_file()}


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
