"""The segmentation layout that Ultralytics trains on."""

import filecmp
import os
from pathlib import Path

import yaml

from ..datasets.photos import name_stems
from ..structures import link_file, write_atomically
from .label_file import LabelFile, LabelledPhoto
from .outlines import join_polygons, trace_outlines
from .targets import check_targets

IMAGES, LABELS, DATA_FILE = 'images', 'labels', 'data.yaml'


def write_yolo(labels: LabelFile, photo_folder: Path, out: Path) -> Path:
    """Write ``labels/PHOTO.txt``, links to the photos in ``images`` (copies where links fail), and ``data.yaml``.

    A line of a label file is an instance: its class from 0, then the outline as x and y in shares of width and height.
    An instance of several parts is one outline with cuts between them. Photos that differ by their ending only are
    named with both (``a.jpg.jpg``, ``a.jpg.txt``).

    Args:
        labels: What to write.
        photo_folder: The photos.
        out: The folder to write to.

    Returns:
        ``data.yaml``.

    Raises:
        ValueError: If the folder holds other photos or labels.
    """
    stems = name_stems(photo.file_name for photo in labels.photos)
    images = {name: stem + os.path.splitext(name)[1] for name, stem in stems.items()}
    texts = {name: _name_label(image) for name, image in images.items()}
    # labels of photos in folders named `images` lie among the images
    among_images = [text.split('/', 1)[1] for text in texts.values() if text.startswith(f'{IMAGES}/')]
    in_labels = [text.split('/', 1)[1] for text in texts.values() if text.startswith(f'{LABELS}/')]
    check_targets(out / IMAGES, [*images.values(), *among_images], photo_folder)
    check_targets(out / LABELS, in_labels, photo_folder)
    for photo in labels.photos:
        _place_photo(photo_folder / photo.file_name, out / IMAGES / images[photo.file_name])
        text = ''.join(f'{line}\n' for line in _describe_instances(photo)).encode()
        write_atomically(out / texts[photo.file_name], lambda file, text=text: file.write(text))
    data = dict(train=IMAGES, val=IMAGES, names=dict(enumerate(labels.classes)))
    content = yaml.safe_dump(data, allow_unicode=True, sort_keys=False).encode()
    write_atomically(out / DATA_FILE, lambda file: file.write(content))
    return out / DATA_FILE


def _name_label(image: str) -> str:
    """Return where Ultralytics looks for the label of an image: the last folder `images` becomes `labels`."""
    before, _, after = f'/{IMAGES}/{image}'.rpartition(f'/{IMAGES}/')
    return f'{before}/{LABELS}/{after}'[1:].rsplit('.', 1)[0] + '.txt'


def _describe_instances(photo: LabelledPhoto) -> list[str]:
    lines = []
    height, width = photo.size
    for instance in photo.instances:
        if polygons := trace_outlines(instance['mask']):
            points = join_polygons(polygons) / (width, height)
            lines.append(f'{instance["label"]} ' + ' '.join(f'{value:.6g}' for value in points.ravel()))
    return lines


def _place_photo(photo: Path, place: Path) -> None:
    """Link a photo, or copy it; a file that is there already and is not this photo stays."""
    if place.exists() and not place.is_symlink() and not filecmp.cmp(photo, place, shallow=False):
        raise ValueError(f'{place} is another file than {photo}: choose an empty folder')
    link_file(photo, place)
