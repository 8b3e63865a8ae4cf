"""Tags in folders: one folder per class, or VOC's XML files."""

import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator
from pathlib import Path

from ...structures.photo_file import PHOTO_ENDINGS
from .tags import FoundTags, TagRow


def walk_files(root: str | Path, endings: tuple[str, ...], skip: Iterable[str] = ()) -> Iterator[str]:
    """Yield the files below a folder that end so (in any case), by their path below it with ``/``, sorted.

    Hidden folders and files are left out, as is ``__MACOSX``; links to folders are not followed.

    Args:
        root: The folder.
        endings: In lower case.
        skip: Further folders that are left out.
    """
    left_out = {os.path.realpath(folder) for folder in skip}
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            name
            for name in folders
            if name[0] != '.' and name != '__MACOSX' and os.path.realpath(os.path.join(folder, name)) not in left_out
        )
        below = os.path.relpath(folder, root).replace(os.sep, '/')
        for name in sorted(files):
            if name.lower().endswith(endings) and name[0] != '.':
                yield name if below == '.' else f'{below}/{name}'


def read_folder(folder: Path) -> FoundTags:
    """Read VOC's XML files, if there are any below the folder; else its folders are the classes of the photos in them.

    Raises:
        ValueError: If there are neither, or an XML file is broken.
    """
    files = list(walk_files(folder, ('.xml',)))
    if files:
        return FoundTags([_read_xml(folder, file) for file in files])
    found = FoundTags()
    for photo in walk_files(folder, PHOTO_ENDINGS):
        first, inside, _ = photo.partition('/')
        found.rows.append(TagRow(photo, [first] if inside else []))
    found.classes = sorted(
        entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False) and entry.name[0] != '.'
    )
    if not found.classes:
        raise ValueError(f'{folder} holds neither XML files nor folders of photos: folders are read as classes')
    return found


def read_xml_tags(path: str | Path) -> list[str]:
    """Return the names of all objects of a VOC XML file; parts of objects do not count.

    Raises:
        FileNotFoundError: If it does not exist.
        ValueError: If it is not valid XML; the message names it.
    """
    return _list_objects(_parse_xml(path))


def _list_objects(root: ElementTree.Element) -> list[str]:
    return [name for entry in root.iter('object') if (name := (entry.findtext('name') or '').strip())]


class _PlainTree(ElementTree.TreeBuilder):
    """Builds the tree of a file without a document type: it could name entities that grow to gigabytes."""

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """Refuse the file, before any entity is read."""
        raise ValueError('it declares a document type, which annotations do not need: take out <!DOCTYPE ...>')


def _parse_xml(path: str | Path) -> ElementTree.Element:
    try:
        return ElementTree.parse(path, ElementTree.XMLParser(target=_PlainTree())).getroot()
    except (ElementTree.ParseError, LookupError, ValueError) as error:  # the latter for unknown encodings
        raise ValueError(f'{path} is not valid XML ({error})') from None


def _read_xml(folder: Path, file: str) -> TagRow:
    root = _parse_xml(folder / file)
    stem = os.path.splitext(file)[0]
    named = (root.findtext('filename') or '').strip().replace('\\', '/').rpartition('/')[2]
    # the ending tells a.jpg from a.png, where the name is not that of a copy
    photo = stem + os.path.splitext(named)[1] if os.path.splitext(named)[0] == stem.rpartition('/')[2] else stem
    return TagRow(photo, _list_objects(root))
