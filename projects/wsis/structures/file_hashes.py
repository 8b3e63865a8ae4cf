"""The list of hashes of a store's files, by which a damaged file is found and made again.

``files.sha256`` has the form of ``sha256sum``, so that ``sha256sum --check files.sha256`` reads it too. While the files
are made, each process appends to a list of its own: lines of several machines in one file could mix.
"""

import os
import platform
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from .files import hash_file, write_atomically

LIST_NAME = 'files.sha256'
HASH_LENGTH = 64


class FileHashes:
    """The hashes of the files below a folder.

    Args:
        root: The folder.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    @property
    def path(self) -> Path:
        """Path of the list."""
        return self.root / LIST_NAME

    def note(self, file: Path) -> None:
        """Add a file that has been written."""
        own = self.root / f'.{LIST_NAME}.{platform.node()}-{os.getpid()}'
        descriptor = os.open(own, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            os.write(descriptor, _format_line(hash_file(file), self._name(file)))
        finally:
            os.close(descriptor)

    def read(self) -> dict[str, set[str]]:
        """Return the hashes of each file by its path below the folder; of one that was written twice both."""
        found: dict[str, set[str]] = {}
        for path in [self.path, *self._parts()]:
            for value, name in _read_lines(path):
                found.setdefault(name, set()).add(value)
        return found

    def find_damaged(self, files: Iterable[Path]) -> list[Path]:
        """Return the files that have not the content that was written, or were never noted."""
        known = self.read()
        return [file for file in files if hash_once(file) not in known.get(self._name(file), ())]

    def close(self, files: Iterable[Path]) -> str:
        """Write the list of these files in the order of their names, and return its hash.

        A file that was never noted counts as it is.
        """
        known = self.read()
        lines = []
        for name, file in sorted((self._name(file), file) for file in files):
            noted = known.get(name, set())
            value = next(iter(noted)) if len(noted) == 1 else hash_once(file)
            lines.append(_format_line(value, name))
        write_atomically(self.path, lambda stream: stream.write(b''.join(lines)))
        for part in self._parts():
            part.unlink(missing_ok=True)
        return hash_file(self.path)

    def remove(self) -> None:
        """Remove the list, as the files are made anew."""
        for path in [self.path, *self._parts()]:
            path.unlink(missing_ok=True)

    def find_changed(self, list_hash: str) -> list[Path]:
        """Return the files of a closed list that are missing or damaged; the list itself, where it is.

        Args:
            list_hash: What :meth:`close` returned.
        """
        if not self.path.is_file() or hash_once(self.path) != list_hash:
            return [self.path]
        files = {self.root / name: value for value, name in _read_lines(self.path)}
        return [file for file, value in files.items() if not file.is_file() or hash_once(file) != value]

    def _parts(self) -> list[Path]:
        return sorted(self.root.glob(f'.{LIST_NAME}.*'))

    def _name(self, file: Path) -> str:
        return file.relative_to(self.root).as_posix()


def hash_once(path: Path) -> str:
    """Return the SHA-256 of a file; one that this process has hashed and that was not touched is not read again."""
    status = path.stat()
    return _hash_of(str(path.absolute()), status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@lru_cache(maxsize=1 << 18)
def _hash_of(path: str, *_: int) -> str:
    return hash_file(path)


def _format_line(value: str, name: str) -> bytes:
    """Return a line of sha256sum, which marks names with a backslash or a line break by one before the line."""
    escaped = name.replace('\\', '\\\\').replace('\n', '\\n').replace('\r', '\\r')
    return f'{"" if escaped == name else chr(92)}{value}  {escaped}\n'.encode(errors='surrogateescape')


def _read_lines(path: Path) -> list[tuple[str, str]]:
    """Return hash and name of each whole line; a process that was killed may have left half of one."""
    if not path.is_file():
        return []
    found = []
    for line in path.read_bytes().decode(errors='surrogateescape').split('\n')[:-1]:
        is_escaped = line.startswith('\\')
        value, _, name = line.removeprefix('\\').partition('  ')
        if len(value) == HASH_LENGTH and name:
            found.append((value, _unescape(name) if is_escaped else name))
    return found


def _unescape(name: str) -> str:
    parts = (part.replace('\\n', '\n').replace('\\r', '\r') for part in name.split('\\\\'))
    return '\\'.join(parts)
