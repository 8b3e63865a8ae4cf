"""Class lists of data sets."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..structures.masks import IGNORE_LABEL
from ..structures.text_file import read_text
from .tags.spelling import spelling_key


def read_class_file(path: str | Path) -> list[str]:
    """Read class names, one per line.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it cannot be read as text.
    """
    return [line.strip() for line in read_text(path).splitlines() if line.strip()]


def load_classes(classes: str | Sequence[str]) -> tuple[str, ...]:
    """Return checked class names: of a sequence, or of a file with one per line.

    Raises:
        ValueError: If they are a string that is no file, or :func:`check_classes` objects.
    """
    if isinstance(classes, (str, Path)):
        if not os.path.isfile(classes):  # unlike Path's, it takes a string that is too long for a path
            raise ValueError(
                f'The class list is the string {str(classes)!r}, which is not a file either: write a list or tuple of '
                f'names; one class alone is ({str(classes)!r},) with its comma'
            )
        with name_source(classes):
            check_classes(names := read_class_file(classes))
        return tuple(names)
    check_classes(classes)
    return tuple(classes)


@contextmanager
def name_source(source: str | Path) -> Iterator[None]:
    """Let an error about a class list begin with the file that the list comes from.

    Raises:
        ValueError: In the place of one that does not name the file.
    """
    try:
        yield
    except ValueError as error:
        if str(source) in str(error):
            raise
        raise ValueError(f'{source}: {error}') from None


def check_classes(classes: Sequence[str]) -> None:
    """Check a class list.

    Raises:
        ValueError: If it is empty, names a class twice (also by case or blanks only), names the background, has an
            empty name or one of control characters or ``{{`` (which configs replace), or more classes than label maps
            of 8 bits can hold; one line.
    """
    if isinstance(classes, str) or not isinstance(classes, Sequence):
        raise ValueError(f'A class list is a list or tuple of names, not {classes!r}')
    if not classes:
        raise ValueError('The class list is empty: name at least one class')
    if len(classes) >= IGNORE_LABEL:
        raise ValueError(
            f'{len(classes)} classes are too many: label maps have 8 bits, so {IGNORE_LABEL - 1} are possible'
        )
    known: dict[str, str] = {}
    for name in classes:
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f'The class list holds {name!r}: each class is a name in quotes')
        if not name.isprintable() or '{{' in name:
            raise ValueError(
                f'The class list holds {name!r}: a name has no control character and no {{{{, so rename it'
            )
        key = spelling_key(name)
        if key == 'background':
            raise ValueError('The class list holds the background, which is not a class: leave it out')
        if key in known:
            if known[key] == name:
                raise ValueError(f'The class list holds {name!r} twice: leave one out')
            raise ValueError(
                f'The class list holds {known[key]!r} and {name!r}, which differ only by case or blanks: leave one out'
            )
        known[key] = name
