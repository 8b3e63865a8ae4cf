"""Split files: text files that name photos, one per line."""

import os
from collections.abc import Sequence

from ..structures.text_file import read_text


def list_split_files(ann_file: str | Sequence[str] | None, data_root: str | None = '') -> list[str]:
    """Return the split files that ``ann_file`` names, below ``data_root``: one, several with commas between, or a list.

    A string that is the name of a file is one file, whatever commas are in it.
    """
    if isinstance(ann_file, str):
        whole = os.path.join(data_root or '', ann_file)
        ann_file = [ann_file] if os.path.isfile(whole) else ann_file.split(',')
    return [os.path.join(data_root or '', file.strip()) for file in ann_file or () if file.strip()]


def read_split_lines(files: Sequence[str]) -> list[str]:
    """Return the lines of split files that are not empty.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If they name no photo, or are no text.
    """
    lines: list[str] = []
    for file in files:
        if not os.path.exists(file):
            raise FileNotFoundError(
                f'Split file {file} does not exist; set ann_file (and data_root) to a list of photo names, one per line'
            )
        lines.extend(line.strip() for line in read_text(file).splitlines() if line.strip())
    if not lines:
        raise ValueError(f'{", ".join(files)} names no photo')
    return lines
