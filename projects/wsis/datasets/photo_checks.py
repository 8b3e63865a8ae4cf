"""Leaving out photos that cannot be read, before a stage begins."""

import logging
from collections.abc import Mapping

from mmengine.logging import print_log

from ..structures import check_photo, printable

ON_BAD_PHOTO = ('skip', 'error')


def find_bad_photos(photos: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with those photos that cannot be read, by a quick look at each file.

    Args:
        photos: Path of each photo.
    """
    reasons = {photo: check_photo(path, quick=True) for photo, path in photos.items()}
    return {photo: reason for photo, reason in reasons.items() if reason}


def report_bad_photos(bad: Mapping[str, str], total: int, folder: str, on_bad_photo: str) -> None:
    """Say how many photos cannot be read, as a warning or an error.

    Raises:
        FileNotFoundError: If ``on_bad_photo`` is ``'error'``, or no photo is left.
    """
    first = ', '.join(printable(f'{photo}: {reason}') for photo, reason in list(bad.items())[:3])
    text = f'{len(bad)} of {total} photos are missing or damaged in {folder} (first: {first})'
    if on_bad_photo == 'error' or len(bad) == total:
        raise FileNotFoundError(f"{text}; restore them, or set on_bad_photo='skip' if others are left")
    print_log(f'{text}; they are left out', 'current', logging.WARNING)
