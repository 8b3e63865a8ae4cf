"""Working copies: what the stages read of photos that are large, turned or of an unusual kind."""

import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
from tqdm import tqdm

from ..inspection.parallel import default_processes
from ..structures import read_json, write_atomically, write_json
from ..structures.photo_file import PhotoError, decode_photo, probe_photo

JPEG_QUALITY = 95
# What the networks' loaders read as it is, quickly.
PLAIN_FORMATS = ('JPEG', 'PNG', 'BMP', 'WEBP')
PLAIN_MODES = ('RGB', 'L')


@dataclass(frozen=True)
class WorkingCopy:
    """What stands for a photo.

    Attributes:
        width: Of the photo itself, in pixels, upright.
        height: The same.
        copied: Whether a copy was made; else the photo itself is linked.
        source: The photo's file, its size and its time of change, so that another photo is noticed.
    """

    width: int
    height: int
    copied: bool
    source: tuple[str, int, int]


def prepare_photos(
    photos: Mapping[str, Path], folder: Path, long_side: int = 1024, processes: int | None = None
) -> tuple[dict[str, WorkingCopy], dict[str, str]]:
    """Fill a folder that all stages read with the photos, each under its own name.

    A photo that is plain (8 bit, upright, no longer than ``long_side``) is linked. All others (longer, turned by EXIF,
    CMYK, palette, 16 bit, animated, TIFF) are decoded once, reduced, and written as upright JPEG under the same name,
    whatever its ending says: readers look at the content. What is there from an earlier call is kept.

    Args:
        photos: The file of each photo by its path below the folder.
        folder: Where they go; beside it ``<folder>.json`` says what they were made from.
        long_side: Longest side of a copy, in pixels.
        processes: How many work at once (None: one a core).

    Returns:
        What stands for each photo, and for photos that cannot be read the reason.
    """
    record_path = folder.with_name(f'{folder.name}.json')
    known = read_json(record_path) if record_path.is_file() else {}
    known = known.get('photos', {}) if known.get('long_side') == long_side else {}
    jobs = [(photo, Path(path), folder / photo, long_side, known.get(photo)) for photo, path in photos.items()]
    copies: dict[str, WorkingCopy] = {}
    faults: dict[str, str] = {}
    with ProcessPoolExecutor(processes or default_processes()) as pool:
        results = pool.map(_prepare, jobs, chunksize=8)
        for photo, copy, fault in tqdm(results, total=len(jobs), desc='photos', unit='photo', disable=None):
            if copy is None:
                faults[photo] = fault
            else:
                copies[photo] = copy
    content = {photo: asdict(copy) for photo, copy in copies.items()}
    write_json(record_path, dict(long_side=long_side, photos=content), indent=None)
    return copies, faults


def _prepare(job: tuple[str, Path, Path, int, dict | None]) -> tuple[str, WorkingCopy | None, str]:
    """Link or copy one photo; a fault is told, not raised, so that the others go on."""
    photo, path, target, long_side, known = job
    try:
        status = path.stat()
        source = (str(path.resolve()), status.st_size, status.st_mtime_ns)
        if known and tuple(known['source']) == source and target.is_file():
            return photo, WorkingCopy(**{**known, 'source': source}), ''
        facts = probe_photo(path)
        plain = facts.format in PLAIN_FORMATS and facts.mode in PLAIN_MODES and facts.frames == 1
        copied = not plain or facts.orientation != 1 or max(facts.width, facts.height) > long_side
        if copied:
            _write_copy(path, target, long_side)
        else:
            _link(path, target)
    except (PhotoError, OSError) as error:
        return photo, None, str(error)
    return photo, WorkingCopy(facts.width, facts.height, copied, source), ''


def _write_copy(path: Path, target: Path, long_side: int) -> None:
    settings = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111]
    _, content = cv2.imencode('.jpg', decode_photo(path, long_side), settings)
    _clear(target)
    write_atomically(target, lambda file: file.write(content.tobytes()))


def _link(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    _clear(target)
    try:
        os.symlink(path.resolve(), target)
    except OSError:  # a file system without links
        write_atomically(target, lambda file: file.write(path.read_bytes()))


def _clear(target: Path) -> None:
    if target.is_symlink() or target.exists():
        target.unlink()
