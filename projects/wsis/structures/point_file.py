"""Points of objects (peaks of class maps, or given by users) in one JSON file that can be edited by hand."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .files import write_atomically
from .masks import FARTHEST
from .photo_names import find_name_fault
from .text_file import printable, read_given_json

KEYS = ('photo', 'class', 'y', 'x', 'score')


class Point(NamedTuple):
    """A point of an object.

    Attributes:
        label: 0-based class id.
        y: Row in pixels of the photo, from 0.
        x: Column.
        score: Confidence in [0, 1]; 1 for points that people gave.
    """

    label: int
    y: float
    x: float
    score: float = 1.0

    def as_json(self, classes: Sequence[str]) -> dict[str, Any]:
        """Return the entry of a points file, without the photo."""
        return {'class': classes[self.label], 'y': self.y, 'x': self.x, 'score': round(self.score, 4)}


def write_points(path: str | Path, points: Mapping[str, Iterable[Point]], classes: Sequence[str]) -> None:
    """Write a points file, one line per point.

    Args:
        path: The file.
        points: Points of each photo.
        classes: Class names.
    """
    entries = [dict(photo=photo, **point.as_json(classes)) for photo, found in points.items() for point in found]
    lines = ',\n '.join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    write_atomically(path, lambda file: file.write(f'{{"points": [\n {lines}\n]}}\n'.encode()))


def read_points(path: str | Path, classes: Sequence[str]) -> dict[str, list[Point]]:
    """Read a points file: ``{"points": [{"photo": "2007_000032", "class": "dog", "y": 81, "x": 120, "score": .93}]}``.

    ``y`` and ``x`` are pixels of the photo from its upper left corner, ``score`` may be left out (1).

    Args:
        path: The file.
        classes: Class names that may occur.

    Returns:
        Points of each photo that has any, in the order of the file.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it is not of this form: one line with the number of bad entries and what is wrong with the first.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'Points file {path} does not exist: make it with a PAM config, or name the right file')
    content = read_given_json(path)
    entries = content.get('points') if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise ValueError(f'{path}: a points file is {{"points": [{{"photo", "class", "y", "x", "score"}}, ...]}}')
    ids = {name: label for label, name in enumerate(classes)}
    problems = [(number, problem) for number, entry in enumerate(entries) if (problem := find_point_fault(entry, ids))]
    if problems:
        number, problem = problems[0]
        raise ValueError(
            f'{path}: {len(problems)} of {len(entries)} points are wrong; the first, points[{number}]: {problem}'
        )
    points: dict[str, list[Point]] = {}
    for entry in entries:
        point = Point(ids[entry['class']], entry['y'], entry['x'], entry.get('score', 1.0))
        points.setdefault(entry['photo'], []).append(point)
    return points


def find_point_fault(entry: Any, ids: Mapping[str, int], with_photo: bool = True) -> str | None:
    """Say what is wrong with an entry of a points file; None if nothing is.

    Args:
        entry: The entry.
        ids: Class ids by name.
        with_photo: Whether it names its photo; the entries of a store of peaks do not.
    """
    if not isinstance(entry, dict):
        return f'an object with {", ".join(KEYS)} is needed, not {entry!r}'
    keys = KEYS if with_photo else KEYS[1:]
    if missing := [key for key in keys[:-1] if key not in entry]:
        return f'{", ".join(missing)} missing'
    if unknown := sorted(set(entry) - set(keys)):
        return f'unknown {printable(", ".join(unknown))}; known are {", ".join(keys)}'
    if with_photo and (fault := _find_photo_fault(entry['photo'])):
        return fault
    if not isinstance(entry['class'], str) or entry['class'] not in ids:
        return f'class {entry["class"]!r} is not in the class list'
    for key in ('y', 'x'):
        if not is_number(entry[key]) or not 0 <= entry[key] <= FARTHEST:
            return f'{key} is a number of pixels from 0, not {entry[key]!r}'
    score = entry.get('score', 1.0)
    if not is_number(score) or not 0 <= score <= 1:
        return f'score is a number from 0 to 1, not {score!r}'
    return None


def _find_photo_fault(photo: Any) -> str | None:
    if not isinstance(photo, str) or not photo:
        return f'photo is the name of a photo without its file ending, not {photo!r}'
    fault = find_name_fault(photo)
    return f'photo is the name of a photo, not {photo[:80]!r}: {fault}' if fault else None


def is_number(value: Any) -> bool:
    """Return whether a value of a JSON is a number that is finite as a float."""
    # compared, as an integer of hundreds of digits is no float
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    return numeric and -sys.float_info.max <= value <= sys.float_info.max


def check_points(
    points: Sequence[Point], photo: str, size: tuple[int, int], tags: Sequence[int], classes: Sequence[str]
) -> None:
    """Check that points lie in their photo and are of its tags.

    Args:
        points: Points of the photo.
        photo: Its name, for messages.
        size: Its height and width.
        tags: Its tags, 0-based.
        classes: Class names.

    Raises:
        ValueError: If one does not; the message names it.
    """
    for point in points:
        if not (point.y < size[0] and point.x < size[1]):
            raise ValueError(
                f'Photo {photo}: the point of {classes[point.label]} at (y, x) = ({point.y:g}, {point.x:g}) lies '
                f'outside the photo of height {size[0]} and width {size[1]}'
            )
    check_point_tags(points, photo, tags, classes)


def check_point_tags(points: Sequence[Point], photo: str, tags: Sequence[int], classes: Sequence[str]) -> None:
    """Check that points are of the tags of their photo; arguments and errors as of :func:`check_points`."""
    for point in points:
        if point.label not in tags:
            raise ValueError(
                f'Photo {photo}: there is a point of {classes[point.label]}, but the photo is tagged '
                f'{", ".join(classes[tag] for tag in tags) or "with nothing"}'
            )
