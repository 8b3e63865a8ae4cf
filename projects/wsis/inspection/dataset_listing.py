"""What a data set's lists say, read without stopping at the first fault."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.registry import DATASETS

from ..datasets.tags_file import read_tags_file
from ..datasets.voc import VOCTagDataset, _name_photo, list_photos
from .findings import Finding, make_findings
from .photo_listing import PhotoEntry, PhotoListing

# Folders that the doctor looks at; artifacts of earlier stages are not among them.
FOLDERS = ('img_path', 'ann', 'sem_seg', 'instance')


def entries_of_dataset(dataset: VOCTagDataset, split: str = 'train') -> list[PhotoEntry]:
    """Return the photos of a data set that loaded without a fault.

    Args:
        dataset: Any tag data set.
        split: What its photos are for: 'train', 'val' or 'test'.
    """
    classes = dataset.metainfo['classes']
    infos = (dataset.get_data_info(index) for index in range(len(dataset)))
    return [
        PhotoEntry(
            photo=info['img_id'],
            path=info['img_path'],
            tags=tuple(classes[tag] for tag in info['tags']),
            split=split,
            semantic_mask=info.get('seg_map_path'),
            instance_mask=info.get('instance_map_path'),
        )
        for info in infos
    ]


def list_dataset(settings: Mapping[str, Any], split: str) -> PhotoListing:
    """Read the lists of the data set that a config describes; each fault becomes a finding.

    Args:
        settings: What a config says of the data set (``type`` and its arguments).
        split: What its photos are for: 'train', 'val' or 'test'.
    """
    settings = dict(settings)
    name = settings.pop('type', 'VOCTagDataset')
    dataset_class = DATASETS.get(name)
    if dataset_class is None or not issubclass(dataset_class, VOCTagDataset):
        fault = f'type {name!r} is no data set of photos with tags'
        return PhotoListing((), [], tags_read=split != 'train', findings=make_findings('unreadable_list', [fault]))
    classes, findings = read_class_list(settings.get('metainfo') or {}, dataset_class.METAINFO['classes'])
    settings['metainfo'] = dict(classes=classes)
    prefix = {name: folder for name, folder in (settings.get('data_prefix') or {}).items() if name in FOLDERS}
    settings.update(data_prefix=prefix, with_masks=True, pipeline=[], filter_cfg=None, points_file=None, lazy_init=True)
    try:
        dataset = dataset_class(**settings)
        return _read_lists(dataset, classes, split, findings)
    except (ValueError, OSError, TypeError) as error:  # TypeError: a setting that the data set does not know
        findings += make_findings('unreadable_list', [_one_line(error)])
        return PhotoListing(classes, [], tags_read=split != 'train', findings=findings)


def read_class_list(metainfo: Mapping[str, Any], default: Sequence[str]) -> tuple[tuple[str, ...], list[Finding]]:
    """Return the class list that ``metainfo`` gives, and what is wrong with its form.

    Args:
        metainfo: ``dict(classes=...)``, where the classes may be a list or a file with one name a line.
        default: The classes where it names none.
    """
    classes = metainfo.get('classes', default)
    if isinstance(classes, str):
        if not os.path.isfile(classes):
            advice = f"Write a list: classes=('{classes}',) with a comma for one class."
            return (classes,), make_findings('bad_class_list', [f'classes is the text {classes!r}'], advice=advice)
        classes = [line.strip() for line in Path(classes).read_text(encoding='utf-8-sig').splitlines() if line.strip()]
    if not isinstance(classes, (list, tuple)):
        return (), make_findings('bad_class_list', [f'classes is {classes!r}, not a list of names'])
    return tuple(str(name) for name in classes), []


def _read_lists(dataset: VOCTagDataset, classes: tuple[str, ...], split: str, findings: list[Finding]) -> PhotoListing:
    lines = dataset._read_splits()
    files = list_photos(dataset.data_prefix['img_path'])
    photos = list(dict.fromkeys(_name_photo(line, files) for line in lines))
    faults: list[str] = []
    tags = _read_tags(dataset, photos, faults)
    masks = {photo: dataset._name_masks(photo) for photo in photos}
    spare = [photo for photo in tags if photo not in set(photos)]
    return PhotoListing(
        classes=classes,
        entries=[
            PhotoEntry(
                photo=photo,
                path=files.get(photo),
                tags=tuple(dict.fromkeys(tags.get(photo, ()))),
                split=split,
                semantic_mask=masks[photo].get('seg_map_path'),
                instance_mask=masks[photo].get('instance_map_path'),
            )
            for photo in photos
        ],
        tags_without_photo=[photo for photo in spare if photo not in files],
        tags_in_no_split=[photo for photo in spare if photo in files],
        doubled_lines=[line for line, count in Counter(lines).items() if count > 1],
        ignore_unknown_tags=dataset.ignore_unknown_classes,
        tags_read=bool(tags) or not faults or split != 'train',
        findings=findings + make_findings('unreadable_list', faults),
    )


def _read_tags(dataset: VOCTagDataset, photos: Sequence[str], faults: list[str]) -> dict[str, list[str]]:
    """Return the tags by photo; what cannot be read is added to `faults`."""
    try:
        if dataset.tags_file:
            return read_tags_file(dataset.tags_file)
    except (ValueError, OSError) as error:
        faults.append(_one_line(error))
        return {}
    tags = {}
    for photo in photos:
        try:
            tags[photo] = dataset._read_tags(photo, None)
        except (ValueError, OSError) as error:
            faults.append(_one_line(error))
    return tags


def _one_line(error: Exception) -> str:
    return ' '.join(str(error).split()) or type(error).__name__
