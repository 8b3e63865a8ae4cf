"""Faults of single files: a label or checkpoint is damaged, a time is wrong, a photo is taken away."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from ...engine import list_checkpoints
from ...structures import MANIFEST_NAME
from .recipe_run import RecipeRun

AHEAD = 10 * 365 * 24 * 3600  # seconds
AWAY = 'away.jpg'
PHOTOS = 'data/demo/JPEGImages'


def flip_bit(content: bytes, random: Random) -> bytes:
    """Return a file with one bit changed."""
    position = random.randrange(len(content))
    return content[:position] + bytes([content[position] ^ 1 << random.randrange(8)]) + content[position + 1 :]


def cut_off(content: bytes, random: Random) -> bytes:
    """Return a file without its end."""
    return content[: random.randrange(1, len(content))]


def empty(content: bytes, random: Random) -> bytes:
    """Return an empty file."""
    return b''


def damage_label(damage: Callable[[bytes, Random], bytes]) -> Callable[[RecipeRun, Random], str | None]:
    """Return the fault that damages one file of a store: a label, the manifest or the list of hashes."""
    return lambda run, random: _damage(run, random, list_store_files(run.work_dir), damage)


def damage_checkpoint(damage: Callable[[bytes, Random], bytes]) -> Callable[[RecipeRun, Random], str | None]:
    """Return the fault that damages the last checkpoint of a training."""

    def inflict(run: RecipeRun, random: Random) -> str | None:
        last = [list_checkpoints(folder)[:1] for folder in sorted(run.work_dir.glob('[!.]*/'))]
        return _damage(run, random, [path for paths in last for path in paths], damage)

    return inflict


def list_store_files(work_dir: Path) -> list[Path]:
    """Return all files of all stores."""
    stores = [manifest.parent for manifest in sorted(work_dir.glob(f'[!.]*/*/{MANIFEST_NAME}'))]
    return [path for store in stores for path in sorted(store.iterdir()) if path.is_file() and path.name[0] != '.']


def set_time_ahead(run: RecipeRun, random: Random) -> str | None:
    """Set the time of one file of the work dir into the future."""
    files = [path for path in sorted(run.work_dir.glob('[!.]*/**/*')) if path.is_file()]
    return _set_ahead(random.choice(files)) if files else None


def set_photo_time_ahead(run: RecipeRun, random: Random) -> str | None:
    """Set the time of one photo into the future."""
    return _set_ahead(random.choice(sorted((run.folder / PHOTOS).iterdir())))


def take_photo_away(run: RecipeRun, random: Random) -> str | None:
    """Move one photo of the training set out of its folder."""
    names = (run.folder / 'data/demo/ImageSets/Segmentation/train.txt').read_text().split()
    photo = run.folder / PHOTOS / f'{random.choice(names)}.jpg'
    photo.rename(run.folder / AWAY)
    (run.folder / f'{AWAY}.txt').write_text(photo.name)
    return photo.name


def put_photo_back(run: RecipeRun) -> None:
    """Undo :func:`take_photo_away`."""
    (run.folder / AWAY).rename(run.folder / PHOTOS / (run.folder / f'{AWAY}.txt').read_text())


def _damage(run: RecipeRun, random: Random, files: list[Path], damage: Callable[[bytes, Random], bytes]) -> str | None:
    files = [path for path in files if path.stat().st_size > 1]
    if not files:
        return None
    path = random.choice(files)
    path.write_bytes(damage(path.read_bytes(), random))
    return path.relative_to(run.work_dir).as_posix()


def _set_ahead(path: Path) -> str:
    later = time.time() + AHEAD
    os.utime(path, (later, later))
    return path.name
