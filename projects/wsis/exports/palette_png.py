"""Masks as palette PNG, as PASCAL VOC has them."""

import logging
from pathlib import Path

import numpy as np
from mmengine.logging import print_log
from pycocotools import mask as coco_mask

from ..datasets.photos import name_stems
from ..structures.index_png import write_index_png
from ..structures.masks import IGNORE_LABEL
from .label_file import LabelFile, LabelledPhoto
from .targets import check_targets

FOLDERS = ('SegmentationClass', 'SegmentationObject')
MAX_OBJECTS = IGNORE_LABEL - 1


def write_palette_png(labels: LabelFile, photo_folder: Path, out: Path) -> Path:
    """Write ``SegmentationClass/PHOTO.png`` and ``SegmentationObject/PHOTO.png``: 0 is background, and none is void.

    Where instances overlap, the one of the higher score counts. Objects are numbered by falling score; a photo takes
    254 of them, more are left out and counted. Photos that differ by their ending only keep it (``a.jpg.png``).

    Args:
        labels: What to write.
        photo_folder: Only to see that nothing is written there.
        out: The folder to write to.

    Returns:
        ``out``.

    Raises:
        ValueError: If the folders hold other files.
    """
    places = {name: f'{stem}.png' for name, stem in name_stems(photo.file_name for photo in labels.photos).items()}
    for folder in FOLDERS:
        check_targets(out / folder, places.values(), photo_folder)
    left_out = 0
    for photo in labels.photos:
        left_out += max(0, len(photo.instances) - MAX_OBJECTS)
        for folder, indices in zip(FOLDERS, draw_maps(photo)):
            write_index_png(out / folder / places[photo.file_name], indices)
    if left_out:
        print_log(f'{left_out} instances left out: a PNG holds {MAX_OBJECTS} per photo', 'current', logging.WARNING)
    return out


def draw_maps(photo: LabelledPhoto) -> tuple[np.ndarray, np.ndarray]:
    """Draw the classes (1..C) and the objects (1..N, by falling score) of a photo, ``(H, W)`` uint8 each."""
    semantic, objects = np.zeros(photo.size, np.uint8), np.zeros(photo.size, np.uint8)
    ranked = sorted(photo.instances, key=lambda instance: -instance['score'])[:MAX_OBJECTS]
    for number, instance in reversed(list(enumerate(ranked, 1))):
        mask = coco_mask.decode(instance['mask']).astype(bool)
        semantic[mask], objects[mask] = instance['label'] + 1, number
    return semantic, objects
