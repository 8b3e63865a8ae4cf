"""Evaluation masks in a COCO json."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..structures.coco_json import report_broken_coco
from ..structures.text_file import read_given_json
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
    content = read_given_json(path)
    with report_broken_coco(path):
        labels = match_categories(content['categories'], classes)
        if not ignore_unknown_classes:
            _check_categories(path, content['categories'], labels, classes)
        found: dict[Any, list] = defaultdict(list)
        for entry in content['annotations']:
            label = labels[entry['category_id']]
            if label is not None and entry.get('segmentation'):
                found[entry['image_id']].append(
                    dict(
                        bbox_label=label,
                        segmentation=entry['segmentation'],
                        iscrowd=int(bool(entry.get('iscrowd', 0))),
                    )
                )
        names, known = PhotoNames(photos), {}
        for entry in content['images']:
            if photo := names.find(str(entry['file_name'])):
                known[photo] = found.get(entry['id'], [])
    if not known:
        first = next((str(entry['file_name']) for entry in content['images']), 'none at all')
        raise ValueError(f'{path} names none of the photos (its first: {first}): name them by their path')
    return known


def match_categories(categories: Iterable[dict[str, Any]], classes: Sequence[str]) -> dict[Any, int | None]:
    """Return the 0-based class of each category by its id; None for a category that is no class.

    Names that differ by case or blanks only are the same.
    """
    ids = {spelling_key(name): index for index, name in enumerate(classes)}
    return {entry['id']: ids.get(spelling_key(str(entry['name']))) for entry in categories}


def _check_categories(
    path: str | Path, categories: Iterable[dict[str, Any]], labels: dict[Any, int | None], classes: Sequence[str]
) -> None:
    unknown = [entry['name'] for entry in categories if labels[entry['id']] is None]
    if unknown:
        raise ValueError(
            f'{path}: category {unknown[0]!r} is not in the class list ({", ".join(classes)}); add it to metainfo, or '
            'set ignore_unknown_classes=True'
        )
