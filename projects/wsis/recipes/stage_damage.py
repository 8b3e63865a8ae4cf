"""Damaged results of a stage: found by their hashes, taken out of the way, and made again."""

from pathlib import Path

from ..engine import is_whole_checkpoint, list_checkpoints
from ..structures import MANIFEST_NAME, find_damaged_files, printable
from ..structures.pseudo_label_store import reopen


def take_out_damaged(folder: Path, target: Path) -> list[str]:
    """Move what is damaged in the folder of a stage into another one; the stores it was in are to be completed.

    Args:
        folder: The stage's.
        target: Where it goes; made when there is something.

    Returns:
        Paths below the folder: of files in stores that are missing or not as they were written, and of checkpoints
        that do not fit their own checksums.

    Raises:
        ValueError: If the manifest of a store is damaged: then nothing says what its files are.
    """
    labels = find_damaged_files(folder)
    damaged = labels + [path for path in list_checkpoints(folder) if not is_whole_checkpoint(path)]
    # first of all, so that nobody takes the store for complete if this is killed in the middle
    for store in {_find_store(path, folder) for path in labels}:
        reopen(store)
    for path in damaged:
        if path.exists():
            place = target / path.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            path.rename(place)
    return [path.relative_to(folder).as_posix() for path in damaged]


def describe_taken_out(names: list[str], target: Path) -> str:
    """Return one line on what :func:`take_out_damaged` has found."""
    first = printable(names[0])
    what = first if len(names) == 1 else f'{len(names)} files (first: {first})'
    return f'{what} missing or damaged since it was made; made again (what was left of it is in {target})'


def _find_store(file: Path, folder: Path) -> Path:
    """Return the folder of the store that a file belongs to: the nearest one with a manifest."""
    return next(parent for parent in file.parents if (parent / MANIFEST_NAME).is_file() or parent == folder)
