"""One reader under test: what it is given, and what it may do with it."""

import contextlib
import io
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from projects.wsis.apis.errors import PACKAGE_FOLDER

DOCUMENTED = (ValueError, FileNotFoundError, ImportError)


@dataclass(frozen=True)
class Reader:
    """A reader of files.

    Attributes:
        name: What it reads.
        file: Where the odd content goes, below a folder of its own.
        contents: Odd contents.
        read: Reads the folder.
        others: Right files that the reader needs beside it.
        examples: How many are tried in the tests.
    """

    name: str
    file: str
    contents: SearchStrategy[bytes]
    read: Callable[[Path], Any]
    others: Mapping[str, bytes] | None = None
    examples: int = 200

    def prepare(self, folder: Path) -> None:
        """Write the right files."""
        for name, content in (self.others or {}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        (folder / self.file).parent.mkdir(parents=True, exist_ok=True)

    def check(self, folder: Path, content: bytes) -> None:
        """Let the reader read a file: it returns something, or raises a documented error in one line that names it."""
        (folder / self.file).write_bytes(content)
        try:
            self.read(folder)
        except DOCUMENTED as error:
            check_error(error, folder)


def check_error(error: Exception, folder: Path) -> None:
    """Check that an error is one of ours: one line that names a file of the folder."""
    text, place = str(error), error.__traceback__
    while place.tb_next:
        place = place.tb_next
    assert os.path.realpath(place.tb_frame.f_code.co_filename).startswith(PACKAGE_FOLDER), f'not of ours: {error!r}'
    assert not set(text) & set('\r\n'), f'several lines: {text!r}'
    assert str(folder) in text, f'names no file: {text!r}'


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep quiet about what readers leave out, which they say of nearly every odd file."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter('ignore')
            yield
    finally:
        logging.disable(before)


class Trial:
    """Giving odd files to a reader.

    Args:
        reader: The reader.
        folder: An empty folder.

    Attributes:
        tried: How many files the reader was given.
    """

    def __init__(self, reader: Reader, folder: Path) -> None:
        self.reader = reader
        self.folder = folder
        self.tried = 0

    def run(self, examples: int, number: int | None = None) -> None:
        """Give the reader odd files, the same ones in every call.

        Args:
            examples: How many.
            number: Seed; None for the files of the tests.

        Raises:
            Exception: What the reader did wrong with the smallest file that was found.
        """
        self.reader.prepare(self.folder)
        kept = settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=number is None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )

        def check(content: bytes) -> None:
            self.tried += 1
            self.reader.check(self.folder, content)

        run = kept(given(self.reader.contents)(check))
        with quiet():
            (run if number is None else seed(number)(run))()
