"""Point files of the official BESTIE code: one text file per photo."""

from pathlib import Path

from tqdm import tqdm

from .point_file import Point
from .text_file import read_text


def read_text_folder(folder: str | Path, num_classes: int) -> dict[str, list[Point]]:
    """Read all files ``PHOTO.txt`` of a folder (``Peak_points`` or ``Center_points``).

    Args:
        folder: The folder.
        num_classes: Class numbers are below.

    Raises:
        FileNotFoundError: If there is no text file in it.
        ValueError: If a line is not of the form.
    """
    files = sorted(Path(folder).glob('*.txt'))
    if not files:
        raise FileNotFoundError(
            f'{folder} holds no .txt files: unpack Peak_points.zip or Center_points.zip of '
            'https://github.com/clovaai/BESTIE there, or name the folder of the point files'
        )
    return {path.stem: read_text_points(path, num_classes) for path in tqdm(files, unit='photo', leave=False)}


def read_text_points(path: str | Path, num_classes: int) -> list[Point]:
    """Read the points of one photo: lines ``x y class-number confidence``.

    Raises:
        ValueError: If a line is not of the form; the message names file and line.
    """
    lines = read_text(path).splitlines()
    return [
        _read_line(line, f'{path}, line {number}', num_classes) for number, line in enumerate(lines, 1) if line.strip()
    ]


def _read_line(line: str, place: str, num_classes: int) -> Point:
    try:
        x, y, label, score = (float(part) for part in line.split())
    except ValueError:
        raise ValueError(f'{place}: four numbers `x y class confidence` are needed, not {line!r}') from None
    if label not in range(num_classes):
        raise ValueError(f'{place}: class {label:g} is no number from 0 to {num_classes - 1}')
    if not (0 <= x < float('inf') and 0 <= y < float('inf') and 0 <= score <= 1):
        raise ValueError(f'{place}: x and y are pixels from 0, the confidence is from 0 to 1: {line!r}')
    y, x = (int(value) if value.is_integer() else value for value in (y, x))
    return Point(int(label), y, x, score)
