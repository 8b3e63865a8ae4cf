"""COCO json files that people give."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def report_broken_coco(path: str | Path) -> Iterator[None]:
    """Turn what is missing in a COCO json, while it is read, into one line.

    Raises:
        ValueError: In the place of a ``KeyError`` or ``TypeError``.
    """
    try:
        yield
    except (KeyError, TypeError) as error:
        raise ValueError(
            f'{path} is no whole COCO json: {error} is missing among its images, annotations or categories'
        ) from None
