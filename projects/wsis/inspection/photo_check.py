"""Looking once at a photo's file: whether it is whole, how large and how turned it is, and a hash of its content."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import ExifTags, Image

from ..structures.files import hash_file

TURNING_ORIENTATIONS = range(2, 9)  # of EXIF; 1 is upright
UNUSUAL_MODES = ('CMYK', 'YCbCr', 'LAB', 'HSV', 'I', 'F')
MOST_DECODED_PIXELS = 100_000_000  # 300 MB; JPEGs, which are decoded at an eighth, may have more
PIXEL_LIMIT_LOCK = threading.Lock()


@dataclass(frozen=True)
class PhotoLook:
    """What one look at a photo's file gave.

    Attributes:
        fault: None for a whole photo, else a kind of :data:`~projects.wsis.inspection.findings.BROKEN_PHOTO_KINDS`.
        reason: What is wrong, for people.
        width: Pixels after the turn that EXIF asks for; 0 where unknown, like `height`.
        height: Pixels after that turn.
        turned: Whether EXIF asks for a turn or a flip.
        unusual_colors: Whether it is CMYK or has more than 8 bits.
        animated: Whether it has several frames.
        content_hash: SHA-256 of the file's bytes, empty where it cannot be read.
    """

    fault: str | None = None
    reason: str = ''
    width: int = 0
    height: int = 0
    turned: bool = False
    unusual_colors: bool = False
    animated: bool = False
    content_hash: str = ''


def look_at_photo(path: str) -> PhotoLook:
    """Open a photo once and decode it to its end; whatever is wrong with it comes back as its `fault`.

    Of a PNG the checksums are read too. Photos so large that they would fill the memory are decoded in part only.
    """
    if not os.path.exists(path):
        reason = 'a link to a file that does not exist' if os.path.islink(path) else ''
        return PhotoLook(fault='missing_photo', reason=reason)
    if not os.path.isfile(path):
        return PhotoLook(fault='unreadable_photo', reason='a folder, not a photo')
    try:
        if not os.path.getsize(path):
            return PhotoLook(fault='truncated_photo', reason='an empty file')
        content_hash = hash_file(path)
        with _without_pixel_limit():
            return _decode(path, content_hash)
    except Exception as error:  # PIL's readers raise errors of many types for damaged files
        return PhotoLook(fault=_name_fault(error), reason=' '.join(str(error).split()) or type(error).__name__)


def _decode(path: str, content_hash: str) -> PhotoLook:
    with Image.open(path) as photo:
        format_name = photo.format
        if format_name == 'PNG':
            photo.verify()  # reads the checksum of every chunk, which decoding does not; PIL then wants it opened again
    with Image.open(path) as photo:
        width, height = photo.size
        orientation = photo.getexif().get(ExifTags.Base.Orientation, 1)
        unusual = photo.mode in UNUSUAL_MODES or photo.mode.startswith('I;')
        animated = getattr(photo, 'n_frames', 1) > 1 and format_name != 'MPO'  # MPO: a JPEG with a preview behind it
        if format_name == 'JPEG':
            photo.draft('RGB', (max(1, width // 8), max(1, height // 8)))  # every byte is still decoded
        if format_name == 'JPEG' or width * height <= MOST_DECODED_PIXELS:
            photo.load()
    if orientation in (5, 6, 7, 8):
        width, height = height, width
    return PhotoLook(
        width=width,
        height=height,
        turned=orientation in TURNING_ORIENTATIONS,
        unusual_colors=unusual,
        animated=animated,
        content_hash=content_hash,
    )


def _name_fault(error: Exception) -> str:
    text = str(error).lower()
    if 'checksum' in text:
        return 'wrong_checksum'
    if isinstance(error, EOFError) or any(word in text for word in ('truncated', 'cut off', 'end of file')):
        return 'truncated_photo'
    return 'unreadable_photo'


@contextmanager
def _without_pixel_limit() -> Iterator[None]:
    """Let PIL open photos of any size: huge ones are the user's own, and are told as such."""
    with PIXEL_LIMIT_LOCK:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit
