"""All readers under test."""

from collections.abc import Sequence

from . import own_files, user_files
from .reader import Reader

READERS = {reader.name: reader for reader in (*user_files.READERS, *own_files.READERS)}


def choose_readers(names: Sequence[str]) -> list[Reader]:
    """Return the readers of these names, all without names.

    Raises:
        SystemExit: If there is no reader of a name.
    """
    if unknown := [name for name in names if name not in READERS]:
        raise SystemExit(f'error: there is no reader {unknown[0]!r}; there are {", ".join(READERS)}')
    return [READERS[name] for name in names or READERS]
