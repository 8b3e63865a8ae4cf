"""Files of the demo set in VOC layout: what belongs to it, how a photo is written, its fingerprint."""

import hashlib
import json
import xml.etree.ElementTree as ElementTree
from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from .scene import Photo, render_photo
from .shapes import DEMO_CLASSES

# Raise it with every change that changes a pixel or a file: sets of older versions are rendered again.
GENERATOR_VERSION = 2
MANIFEST = 'manifest.json'
KIND = 'wsis-demo-set'
PHOTO_FILES = (
    'JPEGImages/{}.jpg',
    'Annotations/{}.xml',
    'SegmentationClass/{}.png',
    'SegmentationObject/{}.png',
)
README = """Demo set of WSIS: procedurally rendered photos in the layout of PASCAL VOC.

Made by `tools/dataset_converters/make_demo_data.py --seed {seed} --train {train} --val {val} --size {size}`
(generator version {version}). Nothing here is a real photo; no file was taken from elsewhere.

JPEGImages/          photos
Annotations/         VOC XML; the distinct object names are the photo's tags, boxes are 1-based and inclusive
SegmentationClass/   palette PNG, 0 background, 1..{count} the classes in the order of classes.txt; no 255
SegmentationObject/  palette PNG, 0 background, k the k-th object of the XML
ImageSets/Segmentation/{{train,val}}.txt
"""


class DemoSet(NamedTuple):
    """What decides every byte of a set: seed, number of photos in each split, mean side length in pixels."""

    seed: int
    train: int
    val: int
    size: int

    def photo_id(self, index: int) -> str:
        """File stem of photo `index`."""
        return f'demo_{index:06d}'

    @property
    def splits(self) -> dict[str, list[str]]:
        """File stems by split."""
        ids = [self.photo_id(index) for index in range(self.train + self.val)]
        return {'train': ids[: self.train], 'val': ids[self.train :]}

    def files(self) -> list[str]:
        """Relative paths of all files but the manifest, in a fixed order."""
        names = ['README.txt', 'classes.txt', *(f'ImageSets/Segmentation/{split}.txt' for split in self.splits)]
        for ids in self.splits.values():
            names += [pattern.format(photo_id) for photo_id in ids for pattern in PHOTO_FILES]
        return names


@cache
def voc_palette() -> list[int]:
    """The 256 colours of VOC's PNGs, flat RGB: the bits of an index spread over the three channels."""
    colors = []
    for index in range(256):
        for channel in range(3):
            bits = (index >> (3 * level + channel) & 1 for level in range(3))
            colors.append(sum(bit << (7 - level) for level, bit in enumerate(bits)))
    return colors


def write_photo(root: Path, demo_set: DemoSet, index: int) -> None:
    """Render photo `index` and write its four files under `root`, whose folders exist."""
    cv2.setNumThreads(1)
    photo = render_photo(demo_set.seed, index, demo_set.size)
    photo_id = demo_set.photo_id(index)
    jpeg, xml, class_png, object_png = (root / pattern.format(photo_id) for pattern in PHOTO_FILES)
    Image.fromarray(photo.image).save(jpeg, quality=92, subsampling=0)
    class_of = np.array([0, *(DEMO_CLASSES.index(name) + 1 for name in photo.names)], np.uint8)
    for path, array in ((class_png, class_of[photo.instances]), (object_png, photo.instances)):
        picture = Image.fromarray(array)
        picture.putpalette(voc_palette())
        picture.save(path, optimize=False, compress_level=6)
    xml.write_bytes(annotation_xml(jpeg.name, photo))


def annotation_xml(filename: str, photo: Photo) -> bytes:
    """VOC annotation; boxes are tight around the visible masks, 1-based and inclusive."""
    root = ElementTree.Element('annotation')
    _text(root, 'folder', 'demo')
    _text(root, 'filename', filename)
    size = ElementTree.SubElement(root, 'size')
    for name, value in zip(('height', 'width', 'depth'), photo.image.shape):
        _text(size, name, value)
    _text(root, 'segmented', 1)
    for number, name in enumerate(photo.names, 1):
        rows, columns = np.nonzero(photo.instances == number)
        entry = ElementTree.SubElement(root, 'object')
        _text(entry, 'name', name)
        _text(entry, 'pose', 'Unspecified')
        _text(entry, 'truncated', int(photo.truncated[number - 1]))
        _text(entry, 'occluded', int(photo.occluded[number - 1]))
        _text(entry, 'difficult', 0)
        box = ElementTree.SubElement(entry, 'bndbox')
        corners = (columns.min(), rows.min(), columns.max(), rows.max())
        for key, value in zip(('xmin', 'ymin', 'xmax', 'ymax'), corners):
            _text(box, key, int(value) + 1)
    ElementTree.indent(root, '\t')
    return ElementTree.tostring(root) + b'\n'


def write_frame(root: Path, demo_set: DemoSet) -> None:
    """Make the folders under `root` and write what is not a photo's: splits, class list, README."""
    for pattern in (*PHOTO_FILES, 'ImageSets/Segmentation/{}.txt'):
        (root / pattern).parent.mkdir(parents=True, exist_ok=True)
    for split, ids in demo_set.splits.items():
        _write_lines(root / f'ImageSets/Segmentation/{split}.txt', ids)
    _write_lines(root / 'classes.txt', DEMO_CLASSES)
    text = README.format(**demo_set._asdict(), version=GENERATOR_VERSION, count=len(DEMO_CLASSES))
    (root / 'README.txt').write_bytes(text.encode())


def write_manifest(root: Path, demo_set: DemoSet) -> None:
    """Write the manifest of a finished set: how it was made and the hash over all its files."""
    manifest = describe(demo_set) | {'sha256': fingerprint(root, demo_set)}
    (root / MANIFEST).write_bytes((json.dumps(manifest, indent=2) + '\n').encode())


def describe(demo_set: DemoSet) -> dict:
    """The part of the manifest that is known before rendering."""
    made = {'kind': KIND, 'generator_version': GENERATOR_VERSION, 'classes': list(DEMO_CLASSES)}
    return made | demo_set._asdict()


def fingerprint(root: Path, demo_set: DemoSet) -> str:
    """SHA-256 over names and contents of the set's files.

    Raises:
        FileNotFoundError: A file of the set is missing.
    """
    total = hashlib.sha256()
    for name in demo_set.files():
        total.update(f'{name}\n{hashlib.sha256((root / name).read_bytes()).hexdigest()}\n'.encode())
    return total.hexdigest()


def read_manifest(root: Path) -> dict | None:
    """Manifest of the demo set at `root`; None if there is none or it is of something else."""
    try:
        manifest = json.loads((root / MANIFEST).read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and manifest.get('kind') == KIND else None


def is_intact(root: Path, manifest: dict) -> bool:
    """Return whether the files at `root` are those that its manifest was written for, and no others."""
    try:
        demo_set = DemoSet(*(int(manifest[field]) for field in DemoSet._fields))
        if fingerprint(root, demo_set) != manifest['sha256']:
            return False
    except (OSError, KeyError, TypeError, ValueError):
        return False
    present = {path.relative_to(root).as_posix() for path in root.rglob('*') if not path.is_dir()}
    return present == {MANIFEST, *demo_set.files()}


def _text(parent: ElementTree.Element, name: str, value: object) -> None:
    ElementTree.SubElement(parent, name).text = str(value)


def _write_lines(path: Path, lines: tuple[str, ...] | list[str]) -> None:
    path.write_bytes(''.join(f'{line}\n' for line in lines).encode())
