"""Looking once at a photo's file: whether it is whole, how large and how turned it is, and a hash of its content."""

from dataclasses import dataclass

from ..structures import check_photo, hash_file, photo_file, probe_photo

UNUSUAL_MODES = ('CMYK', 'YCbCr', 'LAB', 'HSV', 'I', 'F')
KINDS_OF_REASONS = {
    photo_file.MISSING: 'missing_photo',
    photo_file.DEAD_LINK: 'missing_photo',
    photo_file.EMPTY: 'truncated_photo',
    photo_file.CUT_OFF: 'truncated_photo',
    photo_file.WRONG_CHECKSUM: 'wrong_checksum',
}


@dataclass(frozen=True)
class PhotoLook:
    """What one look at a photo's file gave.

    Attributes:
        fault: None for a whole photo, else a kind of :data:`~projects.wsis.inspection.findings.BROKEN_PHOTO_KINDS`.
        reason: What is wrong, for people.
        width: Pixels after the rotation that EXIF asks for; 0 where unknown, like `height`.
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
    """Decode a photo to its end, as far as memory allows; any problem is returned as its `fault`."""
    reason = check_photo(path)
    if reason is not None:
        fault = KINDS_OF_REASONS.get(reason, 'unreadable_photo')
        # the words of some kinds say all
        return PhotoLook(fault=fault, reason='' if reason in (photo_file.MISSING, photo_file.CUT_OFF) else reason)
    try:
        facts = probe_photo(path)
        content_hash = hash_file(path)
    except (OSError, ValueError) as error:  # the file has changed meanwhile
        return PhotoLook(fault='unreadable_photo', reason=' '.join(str(error).split()))
    return PhotoLook(
        width=facts.width,
        height=facts.height,
        turned=facts.orientation != 1,
        unusual_colors=facts.mode in UNUSUAL_MODES or facts.mode.startswith('I;'),
        animated=facts.frames > 1,
        content_hash=content_hash,
    )
