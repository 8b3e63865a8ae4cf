"""Finding the checkpoint of a work dir from which an interrupted run is resumed."""

import os
import re
from pathlib import Path

CHECKPOINT_NAME = re.compile(r'(epoch|iter)_(\d+)\.pth')


def find_latest_checkpoint(work_dir: str | Path) -> Path | None:
    """Return the newest checkpoint of a training run.

    mmengine's `last_checkpoint` file is asked first. It names a whole path, which a moved or copied work dir still has
    from its old place: the checkpoint of this name in the folder itself comes before it. A process killed while writing
    leaves the file empty; then the newest `epoch_*.pth` or `iter_*.pth` counts. Checkpoints themselves are never
    half-written: see `AtomicLocalBackend`.

    Args:
        work_dir: The folder of the run.

    Returns:
        The checkpoint, or None when the folder has none.
    """
    work_dir = Path(work_dir)
    note = work_dir / 'last_checkpoint'
    if note.is_file():
        noted = note.read_text(encoding='utf-8', errors='replace').strip()
        candidates = [work_dir / Path(noted).name, Path(noted)] if noted else []
        for candidate in candidates:
            if os.path.isfile(candidate):  # unlike Path's, it takes a damaged note that is no path at all
                return candidate
    checkpoints = [path for path in work_dir.glob('*.pth') if CHECKPOINT_NAME.fullmatch(path.name)]
    return max(checkpoints, key=lambda path: path.stat().st_mtime_ns, default=None)
