"""Where exported files go, and that nothing else is there."""

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from ..structures.files import check_no_linked_folder


def check_targets(folder: Path, names: Iterable[str], photo_folder: Path) -> None:
    """Check that a folder can take files, before the first is written.

    Args:
        folder: Need not exist. Files of those names in it are of an earlier export and may be replaced.
        names: Paths of the files below it.
        photo_folder: Where the photos are: not there.

    Raises:
        ValueError: If the folder holds the photos or lies among them or holds other files or links to folders, or two
            names need the same place; one line.
    """
    place, photos = folder.resolve(), photo_folder.resolve()
    if place == photos or place in photos.parents or photos in place.parents:
        raise ValueError(f'{folder} contains the photos or lies inside their folder: choose another folder to write to')
    check_no_linked_folder(folder)
    names = list(names)
    known = set(names)
    if len(known) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f'{folder}/{twice} would be written for two photos: rename one of them')
    for name in names:
        for parent in PurePosixPath(name).parents:
            if str(parent) in known:
                raise ValueError(f'{folder}/{parent} would be a file and a folder: rename that photo or that folder')
    for root, _, files in os.walk(folder):
        for file in files:
            found = Path(root, file).relative_to(folder).as_posix()
            if found not in known:
                raise ValueError(f'{folder} holds {found}, which is not of these photos: choose an empty folder')
