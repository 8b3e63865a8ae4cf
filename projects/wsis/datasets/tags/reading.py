"""Reading tags of any form: detecting the form, finding the photos, and joining spellings."""

import gc
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ...structures.text_file import printable, read_text
from .folders import read_folder
from .json_tags import read_json_tags
from .lines import read_lines
from .names import PhotoNames, clean_name
from .spelling import join_spellings
from .table import is_table, read_table
from .tags import FoundTags, TagRow, Tags


def read_tags(source: str | Path, photos: Iterable[str] | None = None, classes: Sequence[str] | None = None) -> Tags:
    """Read the tags of photos.

    Forms: CSV (commas, semicolons or tabs; ``file,tags`` with ``;`` or ``|`` between tags, a row a tag, or one 0/1
    column per class), JSON (``{photo: [names]}`` or ``[{"file": photo, "tags": [names]}]``), the image-level tags of a
    COCO json, lines of text ``photo name name``, a folder whose folders are the classes, a folder of VOC's XML files.

    Rows of one photo are joined. Tags that differ only by case or blanks are joined as well, into the most frequent
    spelling. :class:`PhotoNames` decides which photo a name means.

    Args:
        source: The file or folder.
        photos: Paths of all photos below their root. With None names are taken as they are.
        classes: Class names: their spelling is right, and their order is that of ``Tags.classes``.

    Raises:
        FileNotFoundError: If there is no such file or folder.
        ValueError: If it is of no such form; one line that names the file and, if there is one, the line.
    """
    source = Path(source)
    with _paused_collector():
        found = _read_form(source, set(classes) if classes is not None else None)
        warnings = list(found.warnings)
        by_photo, unmatched = _match_photos(found.rows, photos, warnings)
    right = join_spellings([name for names in by_photo.values() for name in names] + found.classes, classes)
    changed = [(name, right[name]) for name in right if name.strip() != right[name]]
    if changed:
        warnings.append(
            f'{len(changed)} spellings differ only by case or blanks and are joined (first: {changed[0][0]!r} is taken '
            f'for {changed[0][1]!r})'
        )
    by_photo = {photo: list(dict.fromkeys(right[name] for name in names)) for photo, names in by_photo.items()}
    used = dict.fromkeys(tag for tags in by_photo.values() for tag in tags)
    listed = dict.fromkeys(right[name] for name in found.classes)
    if empty := [name for name in listed if name not in used]:
        warnings.append(f'{len(empty)} classes have no photo (first: {empty[0]})')
    order = tuple(classes) if classes is not None else tuple({**listed, **used})
    return Tags(by_photo, order, tuple(unmatched), tuple(printable(f'{source}: {line}') for line in warnings))


@contextmanager
def _paused_collector() -> Iterator[None]:
    """Keep Python from looking for cycles, of which there are none: it takes two thirds of the time of many rows."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _read_form(source: Path, classes: Collection[str] | None) -> FoundTags:
    if not source.exists():
        raise FileNotFoundError(f'Tags file {source} does not exist')
    if source.is_dir():
        return read_folder(source)
    if source.suffix.lower() == '.json':
        return read_json_tags(source, classes)
    text = read_text(source)
    if source.suffix.lower() not in ('.csv', '.tsv', '.txt') and text.lstrip()[:1] in ('{', '['):
        return read_json_tags(source, classes)
    return read_table(source, text, classes) if is_table(source, text) else read_lines(text)


def _match_photos(
    rows: Sequence[TagRow], photos: Iterable[str] | None, warnings: list[str]
) -> tuple[dict[str, list[str]], list[str]]:
    """Return the tags of each photo (joined, with repetitions) and the names that are no photo."""
    as_written: dict[str, list[str]] = {}
    for photo, names in rows:
        as_written.setdefault(photo, []).extend(names)
    by_name: dict[str, list[str]] = {}
    for photo, names in as_written.items():
        by_name.setdefault(clean_name(photo), []).extend(names)
    if photos is None:
        return by_name, []
    known = PhotoNames(photos)
    by_photo: dict[str, list[str]] = {}
    unmatched, several, elsewhere = [], [], []
    for name, tags in by_name.items():
        photo = known.find(name)
        if photo is not None and name not in known.exact and known.is_elsewhere(name, photo):
            if clean_name(photo) in by_name:  # another name means just this photo
                photo = None
            else:
                elsewhere.append((name, photo))
        if photo is None:
            unmatched.append(name)
            several.extend([name] if known.list_alike(name) else [])
        else:
            by_photo.setdefault(photo, []).extend(tags)
    if missing := sorted(set(unmatched) - set(several)):
        warnings.append(f'{len(missing)} of {len(by_name)} names match no photo (first: {missing[0]})')
    if several:
        alike = ', '.join(known.list_alike(several[0]))
        warnings.append(
            f'{len(several)} names fit several photos and are left out: write folder and ending (first: {several[0]} '
            f'fits {alike})'
        )
    if elsewhere:
        name, photo = elsewhere[0]
        warnings.append(f'{len(elsewhere)} names have another folder than the photo (first: {name} for {photo})')
    return by_photo, unmatched
