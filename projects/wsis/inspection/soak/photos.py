"""Tiny photos in folders of a thousand, with their tags, for measuring what grows with their number."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from ...structures.files import write_atomically

CLASSES = ('circle', 'square')
PER_FOLDER = 1000
SIZE = (48, 64)  # height, width
TAGS_NAME = 'tags.csv'


def name_photo(index: int) -> str:
    """Return the path of a photo below the photo folder: at most ``PER_FOLDER`` share a folder."""
    return f'{index // PER_FOLDER:05d}/{index:08d}.jpg'


def draw_photo(index: int) -> Image.Image:
    """Draw noise and one object in a place, size and colour of the photo's own; its class alternates."""
    random = np.random.default_rng(index)
    pixels = random.integers(60, 120, (*SIZE, 3)).astype(np.uint8)
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    middle, radius = random.integers(14, 34, 2), random.integers(7, 13)
    down, right = np.abs(rows - middle[0]), np.abs(columns - middle[1])
    inside = np.hypot(down, right) <= radius if index % 2 == 0 else np.maximum(down, right) <= radius
    pixels[inside] = random.integers(130, 255, 3)
    return Image.fromarray(pixels)


def make_photos(folder: str | Path, count: int) -> None:
    """Draw photos with their tags; those that are there stay."""
    folder = Path(folder)
    for index in tqdm(range(count), 'photos', unit='photo', disable=None):
        path = folder / name_photo(index)
        if not path.exists():
            photo = draw_photo(index)
            write_atomically(path, lambda file, photo=photo: photo.save(file, 'JPEG'))
    write_tags(folder, count)


def link_photos(folder: str | Path, count: int) -> None:
    """Make photos that all show the same, fast: for measuring what does not open them."""
    photo = draw_photo(0)
    link_files(
        Path(folder), (name_photo(index) for index in range(count)), lambda path: photo.save(path, 'JPEG'), count
    )
    write_tags(Path(folder), count)


def link_files(folder: Path, names: Iterable[str], write, count: int) -> None:
    """Write one file for each folder, and link it under the other names: file systems limit the links of a file."""
    first: dict[str, Path] = {}
    for name in tqdm(names, 'files', total=count, unit='file', disable=None):
        path = folder / name
        if path.exists():
            first.setdefault(path.parent.name, path)
        elif (source := first.get(path.parent.name)) is not None:
            os.link(source, path)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path)
            first[path.parent.name] = path


def write_tags(folder: Path, count: int) -> None:
    """Write the tags of all photos, one class each."""
    rows = (f'{name_photo(index)},{CLASSES[index % 2]}' for index in range(count))
    content = '\n'.join(['file,tags', *rows, '']).encode()
    write_atomically(folder / TAGS_NAME, lambda file: file.write(content))
