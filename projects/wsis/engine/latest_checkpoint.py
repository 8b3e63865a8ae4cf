"""Finding the checkpoint of a work dir from which an interrupted run is resumed."""

import os
import re
import sys
import zipfile
from pathlib import Path

from .safe_checkpoint import read_safely

CHECKPOINT_NAME = re.compile(r'(epoch|iter)_(\d+)\.pth')


def find_latest_checkpoint(work_dir: str | Path) -> Path | None:
    """Return the newest checkpoint of a training run.

    mmengine's `last_checkpoint` file is asked first. It names a whole path, which a moved or copied work dir still has
    from its old place: the checkpoint of this name in the folder itself comes before it. A process killed while writing
    leaves the file empty; then the `epoch_*.pth` or `iter_*.pth` of the highest number counts, as times of files are
    wrong after copies and clock changes. Checkpoints themselves are never half-written: see `AtomicLocalBackend`.

    Args:
        work_dir: The folder of the run.

    Returns:
        The checkpoint, or None when the folder has none.
    """
    return next(iter(list_checkpoints(work_dir)), None)


def find_whole_checkpoint(work_dir: str | Path, tell: bool = True) -> Path | None:
    """Return the newest checkpoint of a training run that is not damaged.

    Args:
        work_dir: The folder of the run.
        tell: Whether to say in a line on stderr which ones are passed over.
    """
    for checkpoint in list_checkpoints(work_dir):
        if is_whole_checkpoint(checkpoint):
            return checkpoint
        if tell:
            print(
                f'{checkpoint} is damaged: the one before it is resumed, if there is any', file=sys.stderr, flush=True
            )
    return None


def list_checkpoints(work_dir: str | Path) -> list[Path]:
    """Return the checkpoints of a training run, the one to resume first; see :func:`find_latest_checkpoint`."""
    work_dir = Path(work_dir)
    kinds: dict[str, list[Path]] = {}
    for path in work_dir.glob('*.pth'):
        if match := CHECKPOINT_NAME.fullmatch(path.name):
            kinds.setdefault(match[1], []).append(path)
    # an epoch and an iteration do not compare by number: of these two the time has to tell
    newest_first = sorted(
        kinds.values(), key=lambda paths: max(path.stat().st_mtime_ns for path in paths), reverse=True
    )
    found = [path for paths in newest_first for path in sorted(paths, key=_number, reverse=True)]
    noted = _read_note(work_dir)
    return found if noted is None else [noted, *(path for path in found if path != noted)]


def is_whole_checkpoint(path: Path) -> bool:
    """Return whether the content of a checkpoint is as it was saved, by the checksums in the file.

    torch does not look at them: it loads weights with flipped bits. A file of torch before 1.6, without checksums, is
    read to the end.
    """
    try:
        if not zipfile.is_zipfile(path):
            read_safely(path, path, 'cpu')
            return True
        with zipfile.ZipFile(path) as archive:
            return bool(archive.namelist()) and archive.testzip() is None
    except Exception:  # zipfile, zlib and torch raise errors of a dozen kinds for damaged files
        return False


def _read_note(work_dir: Path) -> Path | None:
    note = work_dir / 'last_checkpoint'
    if not note.is_file():
        return None
    noted = note.read_text(encoding='utf-8', errors='replace').strip()
    for candidate in (work_dir / Path(noted).name, Path(noted)) if noted else ():
        if os.path.isfile(candidate):  # unlike Path's, it takes a damaged note that is no path at all
            return candidate
    return None


def _number(checkpoint: Path) -> int:
    return int(CHECKPOINT_NAME.fullmatch(checkpoint.name)[2])
