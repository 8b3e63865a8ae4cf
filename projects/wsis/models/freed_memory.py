"""Giving memory back to the system between the phases of a large photo."""

import ctypes
import platform

# Photos of fewer pixels leave little behind; see BAND_BYTES of bands.py.
LARGE_PIXELS = 1 << 20


def return_freed_memory(pixels: int) -> None:
    """Give freed memory back to the system if it was that of a large photo, where the C library is glibc.

    Runs on a CPU keep freed memory (``keep_freed_memory`` of :mod:`projects.wsis.apis.devices`), and the maps of the
    next phase are of other sizes and seldom fit into the gaps.

    Args:
        pixels: Of the photo. Of small ones the memory is kept: getting it again takes a noticeable time.
    """
    if pixels >= LARGE_PIXELS and platform.libc_ver()[0] == 'glibc':
        ctypes.CDLL(None).malloc_trim(0)
