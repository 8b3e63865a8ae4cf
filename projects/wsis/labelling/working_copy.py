"""Working copies: what the stages read of photos that are large, turned or of an unusual kind."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2

from ..inspection.parallel import map_jobs, take_turns
from ..structures import link_file, read_json, report_unwritable, write_atomically, write_json
from ..structures.photo_file import PhotoError, PhotoFacts, decode_photo, probe_photo

JPEG_SETTINGS = (cv2.IMWRITE_JPEG_QUALITY, 95, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111)  # colours not subsampled
# Formats that the loaders of the networks read directly and quickly.
PLAIN_FORMATS = ('JPEG', 'PNG', 'BMP', 'WEBP')
PLAIN_MODES = ('RGB', 'L')
SECONDS_BETWEEN_RECORDS = 10  # so much work is lost when the process is killed
SHARE_FOR_RECORDS = 0.05  # of the time at most: a record names all photos, and of millions it takes long to write


@dataclass(frozen=True)
class WorkingCopy:
    """What stands for a photo.

    Attributes:
        width: Of the photo itself, in pixels, upright.
        height: The same.
        copied: Whether a copy was made; else the photo itself is linked.
        source: The photo's file, its size and its time of change, so that another photo is noticed.
        reshaped: Whether the copy is smaller than the photo, or turned, so that masks of the photo do not fit it. None
            in records of earlier versions.
    """

    width: int
    height: int
    copied: bool
    source: tuple[str, int, int]
    reshaped: bool | None = None

    @property
    def fits_masks(self) -> bool:
        """Whether masks of the photo can be laid on what the stages read."""
        return not (self.copied if self.reshaped is None else self.reshaped)

    def pixels(self, long_side: int) -> float:
        """Return how many pixels the stages see of it, where they work at a longest side of ``long_side``."""
        return self.width * self.height * min(1, long_side / max(self.width, self.height)) ** 2


def prepare_photos(
    photos: Mapping[str, Path], folder: Path, long_side: int = 1024, processes: int | None = None
) -> tuple[dict[str, WorkingCopy], dict[str, str]]:
    """Fill a folder that all stages read with the photos, each under its own name.

    A photo that is plain (8 bit, upright, no longer than ``long_side``) is linked. All others (longer, turned by EXIF,
    CMYK, palette, 16 bit, animated, TIFF) are decoded once, reduced, and written as upright JPEG under the same name,
    whatever its ending says: readers look at the content. What is there from an earlier call is kept, also from one
    that was killed.

    Args:
        photos: The file of each photo by its path below the folder.
        folder: Where they go; beside it ``<folder>.json`` says what they were made from.
        long_side: Longest side of a copy, in pixels.
        processes: How many work at once (None: one per core).

    Returns:
        What stands for each photo, and for photos that cannot be read the reason.

    Raises:
        ValueError: If ``long_side`` is no number from 1, the folder cannot be written, or the memory is not enough; one
            line.
    """
    if long_side < 1:
        raise ValueError(f'--long-side is a number of pixels from 1, not {long_side}')
    record = folder.with_name(f'{folder.name}.json')
    known = _read_record(record, long_side)
    jobs = [(photo, Path(path), folder / photo, long_side, known.get(photo)) for photo, path in photos.items()]
    copies: dict[str, WorkingCopy] = {}
    faults: dict[str, str] = {}

    def save() -> float:
        """Write the record, and return when to write it next."""
        began = time.monotonic()
        content = {photo: asdict(copy) for photo, copy in {**known, **copies}.items() if photo in photos}
        write_json(record, dict(long_side=long_side, photos=content), indent=None)
        ended = time.monotonic()
        return ended + max(SECONDS_BETWEEN_RECORDS, (ended - began) / SHARE_FOR_RECORDS)

    with report_unwritable(folder):
        due = save()  # before the first copy: a record of another size must not stand for copies of this one
        try:
            for photo, copy, fault in map_jobs(_prepare, jobs, processes, 'working copies'):
                known.pop(photo, None)
                if copy is None:
                    faults[photo] = fault
                else:
                    copies[photo] = copy
                if time.monotonic() > due:
                    due = save()
        except BaseException:
            with suppress(OSError):
                save()
            raise
        save()
    return copies, faults


def _read_record(path: Path, long_side: int) -> dict[str, WorkingCopy]:
    """Return what an earlier call made for this size; nothing if the record is not whole."""
    try:
        content = read_json(path)
        if content['long_side'] != long_side:
            return {}
        copies = {photo: WorkingCopy(**facts) for photo, facts in content['photos'].items()}
        return {photo: copy for photo, copy in copies.items() if isinstance(copy.source, list)}
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # it only saves time


def _prepare(job: tuple[str, Path, Path, int, WorkingCopy | None]) -> tuple[str, WorkingCopy | None, str]:
    """Link or copy one photo; a fault of the photo is returned, not raised, so that the other photos are processed."""
    photo, path, target, long_side, known = job
    source = _describe_source(path)
    if known and list(known.source) == source and target.is_file():
        return photo, known, ''
    try:
        facts = probe_photo(path)
        if is_plain(facts, long_side):
            link_file(path, target)
            return photo, WorkingCopy(facts.width, facts.height, False, tuple(source), False), ''
        with take_turns(facts.width * facts.height):
            _write_copy(path, target, long_side)
        reshaped = facts.orientation != 1 or max(facts.shape) > long_side
        return photo, WorkingCopy(facts.width, facts.height, True, tuple(source), reshaped), ''
    except PhotoError as error:
        return photo, None, str(error)


def _describe_source(path: Path) -> list:
    """Return file, size and time of change; without these two where the file cannot be looked at."""
    facts: list[Any] = [str(path.resolve())]
    with suppress(OSError):
        status = path.stat()
        facts += [status.st_size, status.st_mtime_ns]
    return facts


def is_plain(facts: PhotoFacts, long_side: int) -> bool:
    """Return whether the stages can read a photo directly."""
    of_plain_kind = facts.format in PLAIN_FORMATS and facts.mode in PLAIN_MODES and facts.frames == 1
    return of_plain_kind and facts.orientation == 1 and max(facts.shape) <= long_side


def _write_copy(path: Path, target: Path, long_side: int) -> None:
    _, content = cv2.imencode('.jpg', decode_photo(path, long_side), list(JPEG_SETTINGS))
    # the rename takes the place of a link, and leaves the photo that it pointed to alone
    write_atomically(target, lambda file: file.write(content.tobytes()))
