"""Faults of the disk: it is full, cannot be written, or the work dir is gone."""

import os
import resource
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from random import Random

from .recipe_run import RecipeRun

DISK_SIZE = '64m'
FILLER = '.filler'
SMALLEST_LIMIT, LARGEST_LIMIT = 8_000, 200_000  # bytes; below the checkpoints, and around logs and labels


class NotPossibleError(RuntimeError):
    """A fault that this user or machine cannot make; the message says why."""


def mount_small_disk(work_dir: Path) -> None:
    """Let the work dir be a small disk in memory.

    Raises:
        NotPossibleError: If this user may not mount.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    _call('a small disk (tmpfs)', 'mount', '-t', 'tmpfs', '-o', f'size={DISK_SIZE}', 'tmpfs', str(work_dir))


def unmount_small_disk(work_dir: Path) -> None:
    """Undo :func:`mount_small_disk`; its files are lost."""
    subprocess.run(['umount', '-l', str(work_dir)], capture_output=True, check=False)


def fill_disk(run: RecipeRun, random: Random) -> str | None:
    """Fill the small disk to the last byte."""
    with suppress(OSError), open(run.work_dir / FILLER, 'wb', buffering=0) as file:
        while file.write(bytes(1 << 20)):
            pass
    with suppress(OSError), open(run.work_dir / FILLER, 'ab', buffering=0) as file:
        while file.write(bytes(512)):
            pass
    return 'the disk of the work dir'


def free_disk(run: RecipeRun) -> None:
    """Undo :func:`fill_disk`."""
    (run.work_dir / FILLER).unlink(missing_ok=True)


def limit_files(run: RecipeRun, random: Random) -> str | None:
    """Let no file of the run grow beyond a size (RLIMIT_FSIZE)."""
    size = random.randint(SMALLEST_LIMIT, LARGEST_LIMIT)
    for process in run.find_processes():
        with suppress(OSError):
            resource.prlimit(process, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    return f'files of more than {size} bytes'


def forbid_writing(run: RecipeRun, random: Random) -> str | None:
    """Take the right to write from the work dir and all in it.

    Raises:
        NotPossibleError: If nothing keeps this user (root) from writing.
    """
    if os.geteuid():
        _change_rights(run.work_dir, 0o555)
    else:  # rights do not count for root, this does
        _call('a work dir that root cannot write', 'chattr', '-R', '+i', str(run.work_dir))
    return 'the work dir'


def allow_writing(run: RecipeRun) -> None:
    """Undo :func:`forbid_writing`."""
    if os.geteuid():
        _change_rights(run.work_dir, 0o755)
    else:
        subprocess.run(['chattr', '-R', '-i', str(run.work_dir)], capture_output=True, check=False)


def remove_work_dir(run: RecipeRun, random: Random) -> str | None:
    """Remove the work dir with all in it."""
    shutil.rmtree(run.work_dir, ignore_errors=True)
    return 'the work dir'


def _change_rights(work_dir: Path, rights: int) -> None:
    for path in (work_dir, *work_dir.rglob('*/')):
        path.chmod(rights)


def _call(what: str, *command: str) -> None:
    try:
        # some files may go while it works
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise NotPossibleError(f'{what} needs {command[0]}') from None
    denied = 'not permitted' in done.stderr or 'denied' in done.stderr or 'not supported' in done.stderr
    if done.returncode and denied:
        raise NotPossibleError(f'{what} is not allowed here ({done.stderr.strip().splitlines()[-1]})')
