"""Finding true masks to measure with."""

import logging
from collections.abc import Mapping
from pathlib import Path

from mmengine.logging import print_log

from ..structures import link_file, write_json
from ..structures.coco_json import report_broken_coco
from ..structures.text_file import read_given_json
from .working_copy import WorkingCopy

VOC_FOLDERS = dict(sem_seg='SegmentationClass', instance='SegmentationObject')


def find_masks(masks: str, copies: Mapping[str, WorkingCopy], folder: Path) -> dict[str, str]:
    """Return the settings of a data set that name true masks.

    Masks of photos that were reduced or turned do not fit their working copies; stages are not measured on these, which
    is said.

    Args:
        masks: A COCO json, a folder of class maps (PNG), or one with ``SegmentationClass`` and ``SegmentationObject``.
        copies: What stands for each photo.
        folder: Where a json without the masks of reduced photos goes.

    Returns:
        ``mask_file``, or ``sem_seg`` and ``instance``.

    Raises:
        FileNotFoundError: If there is no such file or folder.
        ValueError: If it is no whole COCO json.
    """
    path = Path(masks).resolve()
    if not path.exists():
        raise FileNotFoundError(f'--masks {masks} does not exist: name a COCO json or a folder of PNG masks')
    reduced = {photo for photo, copy in copies.items() if not copy.fits_masks}
    if reduced:
        print_log(
            f'{len(reduced)} photos were reduced or turned: stages are not measured on their true masks, but the '
            'labels are, at the end',
            'current',
            logging.WARNING,
        )
    if path.is_file():
        return dict(mask_file=str(_without(path, reduced, folder) if reduced else path))
    found = find_mask_folders(path)
    if reduced:
        found = {key: _link_others(source, reduced, folder / key) for key, source in found.items()}
    return {key: str(source) for key, source in found.items()}


def find_mask_folders(path: Path) -> dict[str, Path]:
    """Return the folders of class maps (``sem_seg``) and, if there is one, of instances in a folder of masks."""
    return {key: path / name for key, name in VOC_FOLDERS.items() if (path / name).is_dir()} or dict(sem_seg=path)


def _without(path: Path, photos: set[str], folder: Path) -> Path:
    content = read_given_json(path)
    with report_broken_coco(path):
        images = [image for image in content['images'] if image.get('file_name') not in photos]
        kept = {image['id'] for image in images}
        annotations = [annotation for annotation in content['annotations'] if annotation.get('image_id') in kept]
    target = folder / 'masks.json'
    write_json(target, {**content, 'images': images, 'annotations': annotations}, indent=None)
    return target


def _link_others(source: Path, photos: set[str], folder: Path) -> Path:
    """Return a folder of links to all masks but those of some photos."""
    stems = {str(Path(photo).with_suffix('')) for photo in photos}
    for mask in source.rglob('*.png'):
        name = mask.relative_to(source)
        target = folder / name
        if str(name.with_suffix('')) in stems | photos:
            continue
        link_file(mask, target)
    return folder
