"""Tiny photos and masks, whole and broken, for tests."""

from pathlib import Path

import numpy as np
from PIL import Image


def save_photo(path: Path, size: tuple[int, int] = (48, 40), seed: int = 0, **settings) -> str:
    """Write a photo of noise and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), np.uint8)
    Image.fromarray(pixels).save(path, **settings)
    return str(path)


def save_turned_photo(path: Path, orientation: int = 6) -> str:
    """Write a JPEG that EXIF turns."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return save_photo(path, exif=exif)


def cut_off(path: str) -> str:
    """Take the second half of a file away."""
    content = Path(path).read_bytes()
    Path(path).write_bytes(content[: len(content) // 2])
    return path


def break_checksum(path: str) -> str:
    """Flip a bit of the checksum of a PNG's first chunk of pixels."""
    content = bytearray(Path(path).read_bytes())
    start = content.index(b'IDAT')
    length = int.from_bytes(content[start - 4 : start], 'big')
    content[start + 4 + length] ^= 1
    Path(path).write_bytes(content)
    return path


def save_mask(path: Path, mask: np.ndarray) -> str:
    """Write a grey PNG of class numbers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask.astype(np.uint8)).save(path)
    return str(path)
