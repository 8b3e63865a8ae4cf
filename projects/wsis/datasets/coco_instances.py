"""Instances in a COCO json: tags of photos, and masks to evaluate on."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..structures.coco_json import report_broken_coco
from ..structures.text_file import printable, read_given_json
from .tags.names import PhotoNames
from .tags.spelling import spelling_key


def read_coco_masks(
    path: str | Path, photos: Iterable[str], classes: Sequence[str], ignore_unknown_classes: bool = False
) -> dict[str, list[dict[str, Any]]]:
    """Read the instances of each photo that a COCO json names; none of them is decoded.

    Args:
        path: The file.
        photos: Paths of all photos below their root.
        classes: Class names.
        ignore_unknown_classes: Whether categories that are not in the class list are left out; else an error.

    Returns:
        Of each photo named by it one ``dict(bbox_label=, segmentation=, iscrowd=)`` an instance.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no COCO json, names none of the photos, or names an unknown class.
    """
    instances = read_coco_instances(path, classes, ignore_unknown_classes)
    names, known = PhotoNames(photos), {}
    for name, entries in instances.items():
        if photo := names.find(name):
            known[photo] = [entry for entry in entries if entry.get('segmentation')]
    if not known:
        first = printable(next(iter(instances), 'none at all')[:300])
        raise ValueError(f'{path} names none of the photos (its first: {first}): name them by their path')
    return known


def read_coco_instances(
    path: str | Path,
    classes: Sequence[str],
    ignore_unknown_classes: bool = False,
    category_ids: Mapping[str, int] | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """Read the instances of each image of a COCO json, in its order; no mask is decoded.

    Args:
        path: The file.
        classes: Class names.
        ignore_unknown_classes: Whether categories that are not in the class list are left out; else an error.
        category_ids: The ids that categories of these names must have; another id is an error.

    Returns:
        Of each image, by its ``file_name``, one ``dict(bbox_label=, segmentation=, iscrowd=)`` an instance; an instance
        without a mask has no ``segmentation``. An image that is listed twice has the instances of both.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no COCO json of instances, or names an unknown class.
    """
    content = read_given_json(path)
    if isinstance(content, list):
        raise ValueError(
            f'{path} is a list, as of detections, not a COCO json of instances with images, annotations and categories'
        )
    with report_broken_coco(path):
        labels = {str(key): label for key, label in match_categories(content['categories'], classes).items()}
        if not ignore_unknown_classes:
            _check_categories(path, content['categories'], labels, classes)
        _check_ids(path, content['categories'], category_ids or {})
        # some tools write ids as text in one of the lists
        names = {str(entry['id']): str(entry['file_name']) for entry in content['images']}
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in names.values()}
        for entry in content['annotations']:
            label = labels[str(entry['category_id'])]
            if label is not None:
                found[names[str(entry['image_id'])]].append(_keep_instance(entry, label))
    return found


def _keep_instance(entry: dict[str, Any], label: int) -> dict[str, Any]:
    mask = dict(segmentation=entry['segmentation']) if entry.get('segmentation') else {}
    return dict(bbox_label=label, **mask, iscrowd=int(bool(entry.get('iscrowd', 0))))


def match_categories(categories: Iterable[dict[str, Any]], classes: Sequence[str]) -> dict[Any, int | None]:
    """Return the 0-based class of each category by its id; None for a category that is no class.

    Names that differ only by case or blanks are the same.
    """
    ids = {spelling_key(name): index for index, name in enumerate(classes)}
    return {entry['id']: ids.get(spelling_key(str(entry['name']))) for entry in categories}


def _check_categories(
    path: str | Path, categories: Iterable[dict[str, Any]], labels: dict[str, int | None], classes: Sequence[str]
) -> None:
    unknown = [entry['name'] for entry in categories if labels[str(entry['id'])] is None]
    if unknown:
        raise ValueError(
            f'{path}: category {unknown[0]!r} is not in the class list ({", ".join(classes)}); add it to metainfo, or '
            'set ignore_unknown_classes=True'
        )


def _check_ids(path: str | Path, categories: Iterable[dict[str, Any]], expected: Mapping[str, int]) -> None:
    for entry in categories:
        name = entry['name']
        if name in expected and str(entry['id']) != str(expected[name]):
            raise ValueError(
                f'{path}: category {name!r} has the id {entry["id"]}, in COCO it is {expected[name]}: this is another '
                'data set, so name its own class list in metainfo'
            )
