"""The photos of a folder and their tags, as the user gives them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..datasets.class_list import check_classes, name_source
from ..datasets.photos import list_photo_tree
from ..datasets.splits import read_split_lines
from ..datasets.tags import PhotoNames, Tags, read_tags
from ..datasets.tags.spelling import join_spellings
from ..structures.photo_file import PHOTO_ENDINGS


@dataclass(frozen=True)
class PhotoSet:
    """Photos, tags and classes.

    Attributes:
        root: The folder of the photos.
        tags: Tags of each photo that is learnt from or measured on, by its path below the root; a photo without tags
            has none of the classes.
        classes: The class list.
        val: Photos that are only measured on, not learnt from.
        unmatched: Names with tags that are no photo.
        warnings: What was joined or left out, counted, one line each.
    """

    root: Path
    tags: dict[str, list[str]]
    classes: tuple[str, ...]
    val: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def train(self) -> list[str]:
        """The photos that are learnt from."""
        held_out = set(self.val)
        return [photo for photo in self.tags if photo not in held_out]


def read_photo_set(
    root: str | Path,
    source: str | Path,
    classes: Sequence[str] | None = None,
    val: str | Path | None = None,
    negatives: bool = True,
    skip: Iterable[str] = (),
) -> PhotoSet:
    """Read the photos of a folder, its subfolders included, and their tags.

    Args:
        root: The folder.
        source: Tags in any form of :func:`~projects.wsis.datasets.tags.read_tags`.
        classes: The class list; other tags are left out. None: all tags that are found.
        val: A text file with photos to measure on, one per line, that are not learnt from.
        negatives: Whether photos without a tag show none of the classes; else they are left out.
        skip: Folders below ``root`` that hold no photos of the set.

    Raises:
        FileNotFoundError: If a file or folder is missing, or there is no photo.
        ValueError: If tags or classes cannot be understood; one line.
    """
    root = Path(root)
    if not root.is_dir():
        raise FileNotFoundError(f'{root} is not a folder: name the folder of the photos')
    photos = list_photo_tree(str(root), list(skip))
    if not photos:
        raise FileNotFoundError(f'{root} holds no photo ({", ".join(PHOTO_ENDINGS)}), nor do its subfolders')
    found = read_tags(source, photos)
    with name_source(source):
        names, left_out = _choose_classes(found, classes)
    warnings = list(found.warnings)
    if left_out:
        warnings.append(f'{source}: {len(left_out)} tags are not among --classes and are left out ({left_out[0]}, ...)')
    tags = _keep_tags(photos, found, names)
    untagged = [photo for photo, own in tags.items() if not own]
    if len(untagged) == len(photos):
        if left_out:
            raise ValueError(
                f'{source}: none of its tags ({", ".join(left_out[:5])}, ...) is among --classes '
                f'({", ".join(names[:5])}): name those that it has, or an existing file of them'
            )
        raise ValueError(
            f'{source}: no photo of {root} has a tag; tags name photos by their path below it, such as {photos[0]}'
        )
    held_out = _read_val(val, photos) if val else []
    if not negatives:
        kept = set(held_out)
        tags = {photo: own for photo, own in tags.items() if own or photo in kept}
    if len(held_out) == len(tags):
        raise ValueError(f'{val} names all photos: none is left to learn from')
    return PhotoSet(root, tags, names, tuple(held_out), found.unmatched, tuple(warnings))


def _choose_classes(found: Tags, classes: Sequence[str] | None) -> tuple[tuple[str, ...], list[str]]:
    """Return the class list, in the spelling of ``classes``, and the tags that are not in it."""
    used = dict.fromkeys(tag for tags in found.by_photo.values() for tag in tags)
    if classes is None:
        names = tuple(name for name in found.classes if name in used)
        if not names:
            raise ValueError('no photo has a tag in it: a row names a photo and its tags, as in `a.jpg,dog;person`')
        check_classes(names)
        return names, []
    check_classes(classes)
    right = join_spellings(list(used), classes)
    return tuple(classes), [tag for tag in used if right[tag] not in classes]


def _keep_tags(photos: Sequence[str], found: Tags, classes: tuple[str, ...]) -> dict[str, list[str]]:
    right = join_spellings([tag for tags in found.by_photo.values() for tag in tags], classes)
    return {photo: [right[tag] for tag in found.by_photo.get(photo, ()) if right[tag] in classes] for photo in photos}


def _read_val(path: str | Path, photos: Sequence[str]) -> list[str]:
    names = PhotoNames(photos)
    lines = read_split_lines([str(path)])
    found = {line: names.find(line) for line in lines}
    if missing := [line for line, photo in found.items() if photo is None]:
        raise ValueError(f'{path}: {len(missing)} of {len(found)} lines match no photo (first: {missing[0]})')
    return list(dict.fromkeys(found.values()))
