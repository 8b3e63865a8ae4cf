"""Keeping memory that was freed, or giving it back to the system, where the C library is glibc."""

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

# names of settings of glibc's mallopt, from its malloc.h
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -3, -4
MOST_BLOCKS = 65536  # glibc's default of M_MMAP_MAX
# Photos of fewer pixels leave little behind; see BAND_BYTES of models/bands.py.
LARGE_PIXELS = 1 << 20
LARGE_BLOCK = 1 << 24  # bytes

_keeps = False


def keep_freed_memory() -> None:
    """Let this process use memory again that it freed.

    By default glibc gives each freed block of 32 MB and more back to the system at once, and the maps of a batch are as
    large as that. The system then clears the same memory for the next map (docs/benchmarks.md has the costs). The peak
    of the memory stays about the same, but is held until the process ends.
    """
    global _keeps
    if (library := _find_glibc()) is not None:
        library.mallopt(M_MMAP_MAX, 0)
        library.mallopt(M_TRIM_THRESHOLD, -1)
        _keeps = True


@contextmanager
def give_back_large_blocks(pixels: int) -> Iterator[None]:
    """Give large blocks back to the system as soon as they are freed, while a large photo is worked on.

    The maps of such a photo come in many sizes and seldom fit into the gaps that others have left. Clearing memory
    anew takes little of the time that its convolutions take.

    Args:
        pixels: Of the photo. While a small one is worked on freed memory is kept, if this process keeps it.
    """
    library = _find_glibc() if _keeps and pixels >= LARGE_PIXELS else None
    if library is None:
        yield
        return
    library.malloc_trim(0)
    library.mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)
    library.mallopt(M_MMAP_MAX, MOST_BLOCKS)
    try:
        yield
    finally:
        library.mallopt(M_MMAP_MAX, 0)


def return_freed_memory(pixels: int) -> None:
    """Give all freed memory back to the system if it was that of a large photo.

    Args:
        pixels: Of the photo. Of small ones the memory is kept: getting it again takes a noticeable time.
    """
    if pixels >= LARGE_PIXELS and (library := _find_glibc()) is not None:
        library.malloc_trim(0)


def _find_glibc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if platform.libc_ver()[0] == 'glibc' else None
