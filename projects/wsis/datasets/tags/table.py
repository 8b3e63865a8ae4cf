"""Tags in a table: CSV with commas, semicolons or tabs."""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from ...structures.photo_file import is_photo_name
from .tags import FoundTags, TagRow

DELIMITERS = (',', ';', '\t')
PARTING = frozenset(',;|"')  # between names in a cell, or around one
# names of a cell, each with quotes around all of it or with none; what parts them stands between
QUOTED_NAME = re.compile(r'(?:\s*"((?:[^"]|"")*)"\s*|([^",;|]*))(?:[,;|]|$)')
QUOTED_CELL = re.compile(f'(?:{QUOTED_NAME.pattern})+')
#: Names of the column of photos and of that of tags, in any case; the earlier ones go first.
PHOTO_COLUMNS = ('file', 'filename', 'file_name', 'photo', 'image', 'img', 'path', 'file_path', 'filepath')
PHOTO_COLUMNS += ('image_name', 'image_path', 'photo_name', 'image_id', 'photo_id', 'img_id', 'id', 'name')
TAG_COLUMNS = ('tags', 'tag', 'labels', 'label', 'classes', 'class', 'categories', 'category', 'keywords', 'keyword')
TAG_COLUMNS += ('class_name', 'label_name', 'category_name', 'words')
_YES, _NO = {'1', '1.0', 'true', 'yes', 'x'}, {'', '0', '0.0', '-1', '-1.0', 'false', 'no'}


def is_table(path: Path, text: str) -> bool:
    """Return whether a text is a table and no lines ``photo name name``."""
    if path.suffix.lower() in ('.csv', '.tsv'):
        return True
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return False
    for delimiter in DELIMITERS:
        cell, found, rest = lines[0].partition(delimiter)
        cell = cell.strip().strip('"')
        if found and cell.lower() in PHOTO_COLUMNS and (delimiter != '\t' or rest.strip().lower() in TAG_COLUMNS):
            return True
        if found and delimiter != '\t' and is_photo_name(cell):
            return True
    return all(',' in line and len(line.split()) == 1 for line in lines)


def read_table(path: Path, text: str, classes: Collection[str] | None = None) -> FoundTags:
    """Read a table with a column of photos and one of tags (``;``, ``|`` or, in quotes, ``,`` between them, or a row a
    tag), or with one 0/1 column per class. Without a header the first column is that of photos.

    Args:
        path: The file, for messages.
        text: Its content.
        classes: Class names; one that holds ``;``, ``|`` or ``,`` is not split.

    Raises:
        ValueError: If the columns are not of this form; one line that names column or line.
    """
    rows = _read_rows(path, text)
    number, header = next(rows, (0, []))
    if not header:
        raise ValueError(f'{path} is empty: give a table `file,tags`')
    if is_photo_name(header[0].strip()):
        lines = ((row[0], row[1:]) for row in (header, *(row for _, row in rows)))
        made, warnings = _make_rows(path, lines, classes)
        return FoundTags(made, warnings=warnings)
    photo_column = _find_column(header, PHOTO_COLUMNS)
    tag_column = _find_column(header, TAG_COLUMNS)
    if not photo_column:
        raise ValueError(
            f'{path}, line {number}: unknown columns {", ".join(cell.strip() for cell in header)[:200]}: name that of '
            'the photos `file` and that of the tags `tags` (or use one 0/1 column per class)'
        )
    columns = _index_columns(path, header)
    if tag_column:
        return _read_tag_column(path, header, rows, columns[photo_column], columns[tag_column], classes)
    return _read_class_columns(path, header, rows, columns[photo_column])


def split_tags(cell: str, classes: Collection[str] | None = None, place: str | Path = 'tags') -> list[str]:
    """Split a cell at ``;``, ``|`` and ``,``, but not within double quotes, nor where a name with one is a class.

    Args:
        cell: The tags of a photo.
        classes: Class names.
        place: Where they stand, for messages.

    Raises:
        ValueError: If its quotes fit no table; one line.
    """
    if is_one_name(cell, classes):
        return [cell.strip()] if cell.strip() else []
    if '"' in cell:
        names = _split_quoted(cell, place)
    else:
        parts = cell.replace('|', ';').split(';')
        names = [name for part in parts for name in _split_at_commas(part, classes)]
    return [name.strip() for name in names if name.strip()]


def _split_quoted(cell: str, place: str | Path) -> list[str]:
    """Split a cell with quotes at what parts names outside of them."""
    if len(cell) <= csv.field_size_limit() and QUOTED_CELL.fullmatch(cell):
        return [quoted.replace('""', '"') or plain for quoted, plain in QUOTED_NAME.findall(cell)]
    try:  # quotes within a name
        return [part for piece in csv.reader([cell], delimiter=';', skipinitialspace=True) for part in piece]
    except csv.Error as error:
        raise ValueError(f'{place}: the tags {cell[:80]!r} cannot be parted ({error}): correct their quotes') from None


def _split_at_commas(part: str, classes: Collection[str] | None) -> Iterator[str]:
    """Yield the names in a part of a cell; the longest that is a class goes first."""
    pieces, start = part.split(','), 0
    # most parts have no comma, and need not go through all classes
    most = 1 + max((name.count(',') for name in classes or ()), default=0) if len(pieces) > 1 else 1
    while start < len(pieces):
        ends = range(min(start + most, len(pieces)), start + 1, -1)
        end = next((end for end in ends if ','.join(pieces[start:end]).strip() in classes), start + 1)
        yield ','.join(pieces[start:end])
        start = end


def is_one_name(cell: str, classes: Collection[str] | None = None) -> bool:
    """Return whether a cell holds nothing that could part names, or is a class."""
    return not PARTING.intersection(cell) or (classes is not None and cell.strip() in classes)


def _make_rows(
    path: Path, rows: Iterable[tuple[str, Sequence[str]]], classes: Collection[str] | None
) -> tuple[list[TagRow], list[str]]:
    """Return the tags of rows, a photo and its cells of tags, and what is to be said of cells with commas."""
    made, parted = [], []
    for photo, cells in rows:
        split = [split_tags(cell, classes, path) for cell in cells]
        made.append(TagRow(photo, [name for names in split for name in names]))
        parted += [cell for cell, names in zip(cells, split) if ',' in cell and not any(',' in name for name in names)]
    if not parted:
        return made, []
    return made, [
        f'{len(parted)} cells of tags are split at their commas (first: {parted[0]!r}); a class whose name has one is '
        'to be named in --classes'
    ]


def _read_rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each line that is not empty."""
    reader = csv.reader(io.StringIO(text, newline=''), delimiter=_find_delimiter(text), strict=True)
    try:
        for row in reader:
            if row and (row[0].strip() or any(cell.strip() for cell in row)):
                yield reader.line_num, row
    except csv.Error as error:
        raise ValueError(f'{path}, line {reader.line_num}: no table ({error}); fix its quotes') from None


def _find_delimiter(text: str) -> str:
    """Return what parts the cells of the first line; in `a.jpg,fox;cat` it is the comma, which comes first."""
    line = next((line for line in text.splitlines() if line.strip()), '')
    places = {}
    quoted = False
    for place, letter in enumerate(line):
        quoted ^= letter == '"'
        if letter in DELIMITERS and not quoted:
            places.setdefault(letter, place)
    return min(places, key=places.get, default=',')


def _find_column(header: Sequence[str], names: Sequence[str]) -> str | None:
    lower = [cell.strip().lower() for cell in header]
    return next((name for name in names if name in lower), None)


def _index_columns(path: Path, header: Sequence[str]) -> dict[str, int]:
    columns = {}
    for index, cell in enumerate(header):
        if columns.setdefault(cell.strip().lower(), index) != index and cell.strip():
            raise ValueError(f'{path}: column {cell.strip()!r} appears twice; name each column once')
    return columns


def _read_tag_column(
    path: Path, header: Sequence[str], rows: Iterator, photo: int, tag: int, classes: Collection[str] | None
) -> FoundTags:
    found = FoundTags()
    others = [cell.strip() or '(no name)' for index, cell in enumerate(header) if index not in (photo, tag)]
    if others:
        found.warnings.append(f'{len(others)} further columns are not read (first: {others[0]})')
    named, nameless = [], 0
    for _, row in rows:
        name = row[photo].strip() if photo < len(row) else ''
        if not name:
            nameless += 1
            continue
        # `a.jpg,fox,cat` below `file,tags`: cells beyond the header are tags, too
        named.append((name, row[tag:] if tag == len(header) - 1 else row[tag : tag + 1]))
    found.rows, warnings = _make_rows(path, named, classes)
    found.warnings += warnings
    if nameless:
        found.warnings.append(f'{nameless} rows name no photo and are left out')
    return found


def _read_class_columns(path: Path, header: Sequence[str], rows: Iterator, photo: int) -> FoundTags:
    names = {index: cell.strip() for index, cell in enumerate(header) if index != photo and cell.strip()}
    if not names:
        raise ValueError(f'{path}: there is a column of photos, but none of tags: name it `tags`')
    found = FoundTags(classes=list(names.values()))
    for number, row in rows:
        tags = []
        for index, name in names.items():
            value = row[index].strip().lower() if index < len(row) else ''
            if value in _YES:
                tags.append(name)
            elif value not in _NO:
                raise ValueError(
                    f'{path}, line {number}: column {name!r} holds {row[index].strip()!r}, but without a column `tags` '
                    'all others are classes with 0 or 1: name that of the tags `tags`, or delete this one'
                )
        found.rows.append(TagRow(row[photo] if photo < len(row) else '', tags))
    return found
