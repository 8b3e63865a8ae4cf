"""What a data set's lists say, read without stopping at the first fault."""

import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..datasets import TagDataset, find_tag_dataset, read_tags
from ..datasets.class_list import read_class_file
from ..datasets.photos import list_photo_tree
from ..datasets.tags import PhotoNames
from ..datasets.tags.spelling import spelling_key
from ..structures.masks import IGNORE_LABEL
from .findings import Finding, make_findings
from .photo_listing import PhotoEntry, PhotoListing

# What a data set is asked to leave to the doctor, or not to do.
PLAIN_SETTINGS = dict(with_masks=True, pipeline=[], filter_cfg=None, points_file=None, lazy_init=True)


def entries_of_dataset(dataset: TagDataset, split: str = 'train') -> list[PhotoEntry]:
    """Return the photos of a data set that loaded without a fault.

    Args:
        dataset: Any tag data set.
        split: What its photos are for: 'train', 'val' or 'test'.
    """
    classes = dataset.metainfo['classes']
    infos = (dataset.get_data_info(index) for index in range(len(dataset)))
    return [
        _make_entry(
            info['img_id'], info['img_path'], info['file_name'], [classes[tag] for tag in info['tags']], split, info
        )
        for info in infos
    ]


def list_dataset(settings: Mapping[str, Any], split: str) -> PhotoListing:
    """Read the lists of the data set that a config describes; each fault becomes a finding.

    Args:
        settings: What a config says of the data set (``type`` and its arguments).
        split: What its photos are for: 'train', 'val' or 'test'.
    """
    listing = PhotoListing((), [], tags_read=split != 'train')
    faults: list[str] = []
    try:
        with _quiet():
            _read_lists(settings, split, listing, faults)
    except Exception as error:  # a format, or settings it does not know, may raise anything
        faults.append(_one_line(error))
    listing.findings += make_findings('unreadable_list', dict.fromkeys(faults))
    return listing


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
        try:
            classes = read_class_file(classes)
        except (OSError, ValueError) as error:
            return (), make_findings('bad_class_list', [_one_line(error)])
    if not isinstance(classes, (list, tuple)):
        return (), make_findings('bad_class_list', [f'classes is {classes!r}, not a list of names'])
    faults = [f'{name!r} is not a name: write it in quotes' for name in classes if not isinstance(name, str)]
    if not classes:
        faults.append('no class is named: set metainfo=dict(classes=[...])')
    return tuple(str(name) for name in classes), make_findings('bad_class_list', faults)


def _read_lists(settings: Mapping[str, Any], split: str, listing: PhotoListing, faults: list[str]) -> None:
    """Fill a listing with what can be read; what cannot is added to ``faults``, or raised if nothing can be done."""
    dataset_class = find_tag_dataset(settings)
    if dataset_class is None:
        name = settings.get('type') if isinstance(settings, Mapping) else settings
        faults.append(f'type {name!r} is not a data set of photos with tags')
        return
    default = dataset_class.METAINFO.get('classes', ())
    listing.classes, listing.findings = read_class_list(settings.get('metainfo') or {}, default)
    dataset = _build_dataset(dataset_class, settings, listing.classes)
    listing.ignore_unknown_tags = dataset.ignore_unknown_classes
    lines, readable = _read_splits(dataset, faults)
    listing.doubled_lines = [line for line, count in Counter(lines).items() if count > 1]
    if dataset.split_files and not readable:
        return  # without split files some formats would take all photos
    dataset.split_files = readable
    photos = _list_photos(dataset, faults)
    tag_faults: list[str] = []
    tags = _read_tags(dataset, photos, tag_faults)
    faults += tag_faults
    listing.tags_read = bool(tags) or not tag_faults or split != 'train'
    listing.entries = [
        _make_entry(
            photo, path, dataset.name_file(photo, path), tags.get(photo, ()), split, _name_masks(dataset, photo, faults)
        )
        for photo, path in photos.items()
    ]
    if dataset.tags_file and not tag_faults:
        _list_spare_tags(dataset, listing)


def _build_dataset(dataset_class: type[TagDataset], settings: Mapping[str, Any], classes: Sequence[str]) -> TagDataset:
    """Build a data set that reads nothing yet, without artifacts of earlier stages, whatever its class list is like."""
    usable: dict[str, str] = {}
    for name in classes:
        usable.setdefault(spelling_key(name), name)
    named = [name for key, name in usable.items() if key not in ('', 'background')][: IGNORE_LABEL - 1]
    prefix = settings.get('data_prefix') or {}
    own = {key: folder for key, folder in prefix.items() if key in dataset_class.default_folders}
    changed = dict(PLAIN_SETTINGS, metainfo=dict(classes=named or ['none']), data_prefix=own)
    return dataset_class(**{key: value for key, value in {**settings, **changed}.items() if key != 'type'})


def _read_splits(dataset: TagDataset, faults: list[str]) -> tuple[list[str], list[str]]:
    """Return the lines of those split files that can be read, and these files."""
    lines, readable = [], []
    for file in dataset.split_files:
        try:
            lines += dataset.read_split(file)
            readable.append(file)
        except (OSError, ValueError) as error:
            faults.append(_one_line(error))
    return lines, readable


def _list_photos(dataset: TagDataset, faults: list[str]) -> dict[str, str]:
    """Return the path of each photo; where the masks stand in the way, without them."""
    try:
        return dataset.list_photos()
    except Exception as error:
        dataset.with_masks = False
        photos = dataset.list_photos()
        faults.append(_one_line(error))
        return photos


def _read_tags(dataset: TagDataset, photos: Mapping[str, str], faults: list[str]) -> dict[str, list[str]]:
    """Return the tags by photo; where each photo has a file of tags, those that can be read."""
    try:
        return dataset.read_photo_tags(photos)
    except Exception as error:
        if dataset.tags_file:
            faults.append(_one_line(error))
            return {}
    tags = {}
    for photo, path in photos.items():
        try:
            tags.update(dataset.read_photo_tags({photo: path}))
        except Exception as error:
            faults.append(_one_line(error))
    return tags


def _name_masks(dataset: TagDataset, photo: str, faults: list[str]) -> dict[str, Any]:
    try:
        return dataset.name_masks(photo) if dataset.with_masks else {}
    except Exception as error:
        faults.append(_one_line(error))
        return {}


def _list_spare_tags(dataset: TagDataset, listing: PhotoListing) -> None:
    """List the names in the tags file that are no photo, or one in no split."""
    folder = dataset.data_prefix.get('img_path') or dataset.data_root or '.'
    named = dict.fromkeys(entry.file_name for entry in listing.entries)
    photos = dict.fromkeys([*named, *list_photo_tree(folder, dataset.data_prefix.values())])
    tags = read_tags(dataset.tags_file, photos, dataset.metainfo['classes'])
    names = PhotoNames(photos)
    for name in tags.unmatched:
        alike = names.list_alike(name)
        listing.tags_without_photo.append(f'{name} (may be {" or ".join(alike)})' if alike else name)
    listing.tags_in_no_split += [photo for photo in tags.by_photo if photo not in named]


def _make_entry(
    photo: str, path: str, file_name: str, tags: Sequence[str], split: str, masks: Mapping[str, Any]
) -> PhotoEntry:
    return PhotoEntry(
        photo=photo,
        path=path,
        tags=tuple(dict.fromkeys(tags)),
        split=split,
        semantic_mask=masks.get('seg_map_path'),
        instance_mask=masks.get('instance_map_path'),
        file_name=file_name,
        **measure_segmentations(masks.get('mask_annotations', ())),
    )


def measure_segmentations(annotations: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return ``mask_sizes`` and ``polygon_extent`` of COCO annotations, for :class:`PhotoEntry`."""
    sizes: dict[tuple[int, int], None] = {}
    right = down = 0.0
    for annotation in annotations:
        segmentation = annotation['segmentation']
        if isinstance(segmentation, Mapping):
            height, width = segmentation['size']
            sizes[width, height] = None
            continue
        for polygon in segmentation:
            right, down = max([right, *polygon[::2]]), max([down, *polygon[1::2]])
    return dict(mask_sizes=tuple(sizes), polygon_extent=(right, down))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep warnings of the readers off the log: the doctor says the same in its own words."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _one_line(error: Exception) -> str:
    text = ' '.join(str(error).split())
    if isinstance(error, (OSError, ValueError)) and text:
        return text
    return f'{type(error).__name__}: {text}' if text else type(error).__name__
