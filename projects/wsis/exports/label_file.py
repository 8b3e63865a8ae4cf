"""The labels that are exported: a COCO json as ``InstanceWriter`` writes it, checked as a whole."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..structures import printable, read_given_json
from ..structures.coco_json import report_broken_coco
from ..structures.masks import encode_segmentation
from ..structures.photo_file import MAX_PIXELS
from ..structures.photo_names import check_photo_name


@dataclass
class LabelledPhoto:
    """A photo and its instances.

    Attributes:
        file_name: Path below the photo folder, ``/`` between folders.
        size: Height and width in pixels.
        entry: As the json has it.
        instances: One ``dict(label=0-based class, score=, mask=RLE with bytes, entry=)`` an instance.
    """

    file_name: str
    size: tuple[int, int]
    entry: dict[str, Any]
    instances: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class LabelFile:
    """All labels of a set of photos.

    Attributes:
        classes: Class names; their place is the class.
        photos: The photos.
    """

    classes: list[str]
    photos: list[LabelledPhoto]


def read_labels(path: str | Path) -> LabelFile:
    """Read the labels to export.

    Args:
        path: A COCO json; ``file_name`` is the path below the photo folder.

    Raises:
        FileNotFoundError: If it does not exist.
        ValueError: If it is no whole COCO json, or a photo or mask in it is wrong; one line.
    """
    content = read_given_json(path)
    with report_broken_coco(path):
        categories = sorted(content['categories'], key=lambda entry: entry['id'])
        labels = {entry['id']: index for index, entry in enumerate(categories)}
        photos = {
            entry['id']: LabelledPhoto(str(entry['file_name']), _read_size(path, entry), entry)
            for entry in content['images']
        }
        _check_names(path, [str(entry['file_name']) for entry in content['images']])
        for entry in content['annotations']:
            _add_instance(path, photos[entry['image_id']], entry, labels[entry['category_id']])
        return LabelFile([str(entry['name']) for entry in categories], list(photos.values()))


def _check_names(path: str | Path, names: Iterable[str]) -> None:
    known = set()
    for name in names:
        if '\\' in name:
            raise ValueError(f'{path}: the photo {name!r} is not a path whose folders are separated by /: correct it')
        check_photo_name(name, str(path))
        if name in known:
            raise ValueError(f'{path} names the photo {printable(name)} twice: leave one out')
        known.add(name)


def _read_size(path: str | Path, entry: dict[str, Any]) -> tuple[int, int]:
    """Return the height and the width of an image of the json."""
    height, width = entry['height'], entry['width']
    if not all(type(length) is int and length > 0 for length in (height, width)) or height * width > MAX_PIXELS:
        raise ValueError(
            f'{path}: photo {printable(entry["file_name"])} is {width!r} pixels wide and {height!r} high: correct its '
            f'size (at most {MAX_PIXELS:,} pixels)'
        )
    return height, width


def _add_instance(path: str | Path, photo: LabelledPhoto, entry: dict, label: int) -> None:
    try:
        mask = encode_segmentation(entry['segmentation'], photo.size)
        score = float(entry.get('score', 1))
    except ValueError as error:
        place = f'annotation {printable(entry.get("id"))} of {printable(photo.file_name)}'
        raise ValueError(f'{path}, {place}: {printable(error)}') from None
    photo.instances.append(dict(label=label, score=score, mask=mask, entry=entry))
