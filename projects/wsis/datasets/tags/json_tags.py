"""Tags in JSON: an object, a list of objects, or the image-level tags of a COCO json."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from ...structures.coco_json import report_broken_coco
from ...structures.text_file import read_given_json
from .table import PHOTO_COLUMNS, TAG_COLUMNS, split_tags
from .tags import FoundTags, TagRow


def read_json_tags(path: Path, classes: Collection[str] | None = None) -> FoundTags:
    """Read ``{photo: [names]}``, ``[{"file": photo, "tags": [names]}]`` or a COCO json.

    Raises:
        ValueError: If it is none of them; one line.
    """
    doubled: list[str] = []
    content = read_given_json(path, object_pairs_hook=lambda pairs: _join_pairs(path, pairs, doubled))
    if isinstance(content, dict) and {'images', 'annotations', 'categories'} <= set(content):
        return _read_coco(path, content)
    if isinstance(content, list) and content and all(isinstance(entry, dict) for entry in content):
        found = FoundTags([_read_entry(path, number, entry, classes) for number, entry in enumerate(content)])
    elif isinstance(content, dict) and all(isinstance(names, list) for names in content.values()):
        found = FoundTags([TagRow(photo, [str(name) for name in names]) for photo, names in content.items()])
    else:
        raise ValueError(
            f'{path}: a tags file is a JSON object {{"photo": ["class name", ...], ...}}, a list of '
            '{"file": "photo", "tags": ["class name", ...]}, or a COCO json'
        )
    if doubled:
        found.warnings.append(f'{len(doubled)} photos appear twice; their tags are joined (first: {doubled[0]})')
    return found


def _join_pairs(path: Path, pairs: list[tuple[str, Any]], doubled: list[str]) -> dict[str, Any]:
    """Make an object of its keys; JSON readers would take the last of equal keys and lose the others."""
    content: dict[str, Any] = {}
    for key, value in pairs:
        if key not in content:
            content[key] = value
        elif isinstance(value, list) and isinstance(content[key], list):
            content[key] = content[key] + value
            doubled.append(key)
        else:
            raise ValueError(f'{path}: the key {key!r} appears twice in one object; remove one of them')
    return content


def _read_entry(path: Path, number: int, entry: dict, classes: Collection[str] | None) -> TagRow:
    lower = {key.lower(): value for key, value in entry.items()}
    photo = next((lower[key] for key in PHOTO_COLUMNS if key in lower), None)
    names = next((lower[key] for key in TAG_COLUMNS if key in lower), None)
    if isinstance(names, str):
        names = split_tags(names, classes, f'{path}, entry {number}')
    if not isinstance(photo, (str, int)) or not isinstance(names, list):
        raise ValueError(f'{path}, entry {number}: "file" and "tags" are needed, as in {{"file": "a.jpg", "tags": []}}')
    return TagRow(str(photo), [str(name) for name in names])


def _read_coco(path: Path, content: dict) -> FoundTags:
    with report_broken_coco(path):
        categories = {entry['id']: str(entry['name']) for entry in content['categories']}
        tags: dict[Any, list[str]] = {entry['id']: [] for entry in content['images']}
        for entry in content['annotations']:
            tags[entry['image_id']].append(categories[entry['category_id']])
        return FoundTags(
            [TagRow(str(entry['file_name']), tags[entry['id']]) for entry in content['images']],
            list(categories.values()),
        )
