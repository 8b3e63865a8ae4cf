"""The points file that a tool writes."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping, Sequence

from ..structures.point_file import Point, write_points


def add_points_output(parser: ArgumentParser) -> None:
    """Add the argument ``out``, a points file; another file ending is refused before any work is done."""
    parser.add_argument('out', type=_json_path, help='points file to write (.json)')


def save_points(path: str, points: Mapping[str, Sequence[Point]], classes: Sequence[str]) -> None:
    """Write the points of each photo, and print how many there are."""
    write_points(path, points, classes)
    print(f'{sum(map(len, points.values()))} points of {len(points)} photos in {path}')


def _json_path(text: str) -> str:
    if not text.endswith('.json'):
        raise ArgumentTypeError(f'{text} is not a .json file: name the points file to write')
    return text
