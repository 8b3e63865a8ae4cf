"""Opening photos: decoding, sizes without decoding, and checking that a file is complete."""

import io
import os
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

#: Endings (lower case) of files that are taken for photos; compare them in any case, see :func:`is_photo_name`.
PHOTO_ENDINGS = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp')

#: What is decoded, whatever the name says. PIL knows more kinds, of which one (EPS) is a program for another program.
FORMATS = ('JPEG', 'PNG', 'BMP', 'DIB', 'TIFF', 'WEBP', 'GIF', 'PPM', 'JPEG2000', 'TGA')

#: Reasons of :func:`check_photo` that other code distinguishes; all others are only read by users.
MISSING, DEAD_LINK, EMPTY, CUT_OFF, WRONG_CHECKSUM = 'missing', 'a dead link', 'empty', 'cut off', 'wrong checksum'

#: A photo of more pixels is refused: 3 GB in memory, and OpenCV reads no more either.
MAX_PIXELS = 10**9
#: Photos of more pixels are reduced by PIL, where OpenCV would take several times the memory to decode them.
LARGE_PIXELS = 5 * 10**7

_ORIENTATION, _TIFF_WIDTH, _TIFF_HEIGHT = 0x0112, 256, 257
_PNG_SIGNATURE = b'\x89PNG\r\n\x1a\n'
# PIL's limit is one number of the whole process, so threads may not change it at the same time
_PIL_LIMIT_LOCK = threading.Lock()
# OpenCV can decode a JPEG at a fraction of its size.
_JPEG_FRACTIONS = {2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}
# How OpenCV undoes the EXIF orientations that are turns.
_TURNS = {
    3: cv2.ROTATE_180,
    6: cv2.ROTATE_90_CLOCKWISE,
    8: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


class PhotoError(ValueError):
    """A photo cannot be read; one line that names the file and says why."""


@dataclass(frozen=True)
class PhotoFacts:
    """The facts in the header of a photo file.

    Attributes:
        width: In pixels, once the photo is upright.
        height: In pixels, once the photo is upright.
        format: Of the content, whatever the name says: ``'JPEG'``, ``'PNG'``, ``'WEBP'`` ...
        mode: PIL's name of the kind of pixels: ``'RGB'``, ``'L'``, ``'P'``, ``'CMYK'``, ``'I;16'`` ...
        orientation: EXIF orientation, 1 (upright) to 8.
        frames: Number of pictures of an animation or of pages; 1 for a photo.
        file_size: In bytes.
    """

    width: int
    height: int
    format: str
    mode: str
    orientation: int
    frames: int
    file_size: int

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the upright photo."""
        return self.height, self.width


def is_photo_name(name: str | os.PathLike) -> bool:
    """Return whether a file name ends as that of a photo, in any case."""
    return os.fspath(name).lower().endswith(PHOTO_ENDINGS)


def decode_photo(path: str | Path, long_side: int | None = None) -> np.ndarray:
    """Decode a photo of any kind to 8-bit BGR, upright as its EXIF data says.

    Grey, palette, CMYK and 16-bit photos are converted, alpha is dropped, of an animation the first frame counts. A
    JPEG that is cut off gives what is there (:func:`check_photo` tells).

    Args:
        path: The file.
        long_side: The photo is reduced until its longer side has at most this many pixels; never enlarged. JPEG is
            decoded at a fraction of its size already, so that large ones need little memory.

    Returns:
        The photo, (H, W, 3) uint8, channels blue, green, red.

    Raises:
        PhotoError: If the file is missing, damaged, no picture or too large; one line.
    """
    if obstacle := _find_obstacle(path):
        raise PhotoError(f'Photo {path} cannot be read ({obstacle}); restore or remove it')
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise PhotoError(f'Photo {path} cannot be read ({error.strerror}); restore or remove it') from None
    return decode_photo_bytes(content, str(path), long_side)


def decode_photo_bytes(content: bytes, name: str, long_side: int | None = None) -> np.ndarray:
    """Decode the content of a photo file, as :func:`decode_photo` does.

    Args:
        content: What the file holds.
        name: What the user called it, for messages.
        long_side: As of :func:`decode_photo`.

    Raises:
        PhotoError: If it is damaged, no picture or too large; one line.
    """
    try:
        with open_picture(io.BytesIO(content)) as picture:
            facts = _read_facts(picture, len(content))
            if factor := _find_reduction(facts, long_side):
                photo = _decode_with_pil(picture.reduce(factor))
            elif facts.format in ('JPEG', 'PNG'):
                photo = _decode_with_opencv(content, facts, long_side)
            else:
                photo = _decode_with_pil(picture)
    except MemoryError:
        raise PhotoError(f'Photo {name} does not fit into memory; make it smaller') from None
    except Exception as error:  # PIL's readers raise errors of many kinds for damaged files
        raise PhotoError(f'Photo {name} cannot be decoded: {_shorten(error)}; restore or remove it') from None
    return reduce_photo(photo, long_side)


def probe_photo(path: str | Path) -> PhotoFacts:
    """Read size and kind of a photo without decoding it.

    Raises:
        PhotoError: If the file is missing, no picture or too large; one line.
    """
    if obstacle := _find_obstacle(path):
        raise PhotoError(f'Photo {path} cannot be read ({obstacle}); restore or remove it')
    try:
        with open_picture(path) as picture:
            return _read_facts(picture, os.path.getsize(path))
    except Exception as error:
        raise PhotoError(f'Photo {path} cannot be read: {_shorten(error)}; restore or remove it') from None


def check_photo(path: str | Path, quick: bool = False) -> str | None:
    """Say in a few words why a photo cannot be used; None if it is whole.

    Args:
        path: The file.
        quick: Of a JPEG look at the head and the end mark only, and of a PNG at its checksums only: several times
            faster, and enough for files that were cut off. Other kinds are decoded to the end in any case.

    Returns:
        None, or a reason such as 'missing', 'a dead link', 'empty', 'cut off', 'no picture', 'wrong checksum'.
    """
    if obstacle := _find_obstacle(path):
        return obstacle
    if quick and _is_ended_jpeg(path):
        return None
    try:
        with open(path, 'rb') as file, open_picture(file) as picture:
            facts = _read_facts(picture, os.path.getsize(path))
            if facts.format == 'PNG' and (fault := _check_png_chunks(path)):
                return fault
            if quick and facts.format == 'PNG':
                return None
            # a fraction of the pixels, but all of the file is read
            picture.draft('L', (max(1, picture.width // 8), max(1, picture.height // 8)))
            picture.load()
    except MemoryError:
        return 'too large for the memory'
    except Exception as error:  # PIL's readers raise errors of many kinds for damaged files
        return _shorten(error)
    return None


@contextmanager
def open_picture(source: str | Path | BinaryIO) -> Iterator[Image.Image]:
    """Open a picture with PIL, whose limit of 178 megapixels (and its warning at 89) is lifted to ``MAX_PIXELS``.

    Raises:
        PhotoError: If the picture is larger than that.
        OSError: As PIL does.
    """
    with _PIL_LIMIT_LOCK:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            with warnings.catch_warnings():  # PIL warns of damages without naming the file; what is broken raises
                warnings.simplefilter('ignore')
                picture = Image.open(source, formats=_find_formats())
        finally:
            Image.MAX_IMAGE_PIXELS = limit
    with picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise PhotoError(f'{picture.width}x{picture.height} pixels are more than {MAX_PIXELS:,}')
        yield picture


@cache
def _find_formats() -> tuple[str, ...]:
    """Return those of ``FORMATS`` that this build of PIL knows."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _find_obstacle(path: str | Path) -> str | None:
    """Say what keeps a file from being opened at all; None if nothing does."""
    path = os.fspath(path)
    if '\0' in path:
        return 'the name holds a NUL character'
    try:
        path.encode()
    except UnicodeEncodeError:  # stores and JSON files could not name it
        return 'the name is not UTF-8'
    if not os.path.exists(path):
        return DEAD_LINK if os.path.islink(path) else MISSING
    if not os.path.isfile(path):
        return 'a folder' if os.path.isdir(path) else 'no ordinary file'
    if not os.path.getsize(path):
        return EMPTY
    return None if os.access(path, os.R_OK) else 'not readable for this user'


def _read_facts(picture: Image.Image, file_size: int) -> PhotoFacts:
    kind = 'JPEG' if picture.format == 'MPO' else picture.format  # a JPEG that is followed by further pictures
    orientation = _read_orientation(picture)
    # of a TIFF some releases of PIL give the size before, others after turning
    size = (picture.tag_v2[_TIFF_WIDTH], picture.tag_v2[_TIFF_HEIGHT]) if kind == 'TIFF' else picture.size
    width, height = size[::-1] if orientation >= 5 else size
    frames = 1 if kind == 'JPEG' else getattr(picture, 'n_frames', 1)
    return PhotoFacts(int(width), int(height), kind, picture.mode, orientation, frames, file_size)


def _read_orientation(picture: Image.Image) -> int:
    try:
        orientation = picture.getexif().get(_ORIENTATION, 1)
    except Exception:  # damaged EXIF data is no damaged photo
        return 1
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def _find_reduction(facts: PhotoFacts, long_side: int | None) -> int | None:
    """Return by what PIL is to divide the sides of a large photo as soon as it is decoded; None where it is not."""
    # OpenCV reduces JPEG while it decodes; turned photos and unusual kinds of pixels are too rare for a case of theirs
    if facts.format == 'JPEG' or facts.mode not in ('RGB', 'RGBA', 'L') or facts.orientation != 1:
        return None
    factor = max(facts.shape) // long_side if long_side else 1
    return factor if factor > 1 and facts.width * facts.height > LARGE_PIXELS else None


def _decode_with_opencv(content: bytes, facts: PhotoFacts, long_side: int | None) -> np.ndarray:
    """Decode JPEG or PNG with OpenCV, with whose pixels the golden numbers were made."""
    flags = cv2.IMREAD_COLOR
    if long_side and facts.format == 'JPEG':
        fractions = [fraction for fraction in _JPEG_FRACTIONS if max(facts.shape) >= fraction * long_side]
        flags = _JPEG_FRACTIONS[max(fractions)] if fractions else flags
    # OpenCV and PIL find the orientation in other places, and sizes without decoding are PIL's: so turn it here
    photo = cv2.imdecode(np.frombuffer(content, np.uint8), flags | cv2.IMREAD_IGNORE_ORIENTATION)
    if photo is None:
        raise PhotoError('damaged')
    return _turn_upright(photo, facts.orientation)


def _turn_upright(photo: np.ndarray, orientation: int) -> np.ndarray:
    """Undo an EXIF orientation."""
    if orientation in (2, 4):
        return cv2.flip(photo, 1 if orientation == 2 else 0)
    if orientation in (5, 7):
        photo = cv2.transpose(photo)
        return photo if orientation == 5 else cv2.flip(photo, -1)
    return cv2.rotate(photo, _TURNS[orientation]) if orientation in _TURNS else photo


def _decode_with_pil(picture: Image.Image) -> np.ndarray:
    picture.load()
    upright = ImageOps.exif_transpose(picture)
    if upright.mode[0] in 'IF':  # 16 or 32 bits per pixel
        values = np.asarray(upright).astype(np.float64)
        scale = 255 / 65535 if values.max(initial=0) > 255 else 1
        grey = (values * scale).round().clip(0, 255).astype(np.uint8)
        return cv2.cvtColor(np.ascontiguousarray(grey), cv2.COLOR_GRAY2BGR)
    if upright.mode in ('P', 'PA'):
        upright = upright.convert('RGBA')  # else PIL warns of some kinds of transparency
    return cv2.cvtColor(np.asarray(upright.convert('RGB')), cv2.COLOR_RGB2BGR)


def reduce_photo(photo: np.ndarray, long_side: int | None) -> np.ndarray:
    """Reduce a photo ``(H, W, 3)`` until its longer side has at most this many pixels; None leaves it unchanged."""
    longest = max(photo.shape[:2])
    if not long_side or longest <= long_side:
        return photo
    height, width = (max(1, round(length * long_side / longest)) for length in photo.shape[:2])
    return cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)


def _is_ended_jpeg(path: str | Path) -> bool:
    """Return whether a file begins as a JPEG with its end mark among the last bytes; cameras append films and maps."""
    with open(path, 'rb') as file:
        if file.read(3) != b'\xff\xd8\xff':
            return False
        file.seek(max(0, os.path.getsize(path) - 1024))
        return b'\xff\xd9' in file.read()


def _check_png_chunks(path: str | Path) -> str | None:
    """Say what is wrong with the chunks of a PNG; PIL does not look at the checksums of pixels, OpenCV does."""
    with open(path, 'rb') as file:
        file.seek(len(_PNG_SIGNATURE))
        while True:
            head = file.read(8)
            if len(head) < 8:
                return CUT_OFF
            length, name = struct.unpack('>I4s', head)
            data, checksum = file.read(length), file.read(4)
            if len(data) < length or len(checksum) < 4:
                return CUT_OFF
            if zlib.crc32(data, zlib.crc32(name)) != int.from_bytes(checksum, 'big'):
                return WRONG_CHECKSUM
            if name == b'IEND':
                return None


def _shorten(error: Exception) -> str:
    """Put an error of PIL or OpenCV into a few words."""
    if isinstance(error, UnidentifiedImageError):
        return 'no picture of a known kind'
    if isinstance(error, PhotoError):
        return str(error)
    text = ' '.join(str(error).split())
    if 'truncated' in text.lower() or isinstance(error, (EOFError, IndexError, struct.error)):
        return CUT_OFF
    if isinstance(error, cv2.error):
        return 'damaged'
    return f'damaged ({text or type(error).__name__})'
