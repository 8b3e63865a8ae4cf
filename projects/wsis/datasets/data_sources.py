"""The files that a data set reads, listed without reading them, so that changes are noticed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DataSource:
    """A file, or a folder with those of its files that count.

    Attributes:
        path: The file or folder; it need not exist.
        stems: Of a folder, names (without ending) of the files directly in it that count. None: all files, those in
            subfolders included.
        endings: Of a folder, endings (lower case) of the files that count. None: all.
    """

    path: str
    stems: frozenset[str] | None = None
    endings: tuple[str, ...] | None = None
