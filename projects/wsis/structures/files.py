"""Writing files so that nothing half-written is ever seen, and hashing what was written."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

HALF_WRITTEN = re.compile(r'\..+\.\d+\.tmp')  # the temporary names of write_atomically and link_file


def write_atomically(path: str | Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file under a temporary name and rename it, so that a killed process leaves the old file or none.

    Args:
        path: Where the file goes; its folder is made when missing.
        write: Gets the open binary file and fills it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    try:
        with open(temporary, 'wb') as file:
            write(file)
            file.flush()
        os.replace(temporary, path)
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(temporary)):
            raise
        # of a full disk the system does not say which file it was
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        temporary.unlink(missing_ok=True)


def remove_half_written(folder: str | Path, below: bool = True) -> None:
    """Remove what processes that were killed while in :func:`write_atomically` have left; none may be writing there.

    Args:
        folder: The folder; it need not exist.
        below: Whether to look into its subfolders too.
    """
    for path in Path(folder).glob('**/.*.tmp' if below else '.*.tmp'):
        if HALF_WRITTEN.fullmatch(path.name):
            path.unlink(missing_ok=True)


def link_file(source: str | Path, target: str | Path) -> None:
    """Put a symbolic link to a file, or a copy where links cannot be made, instead of whatever file is there.

    Raises:
        OSError: If neither can be made.
    """
    source, target = Path(source).resolve(), Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f'.{target.name}.{os.getpid()}.tmp')
    try:
        try:
            os.symlink(source, temporary)
        except OSError:  # some file systems, and some users, make no links
            shutil.copyfile(source, temporary)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def check_no_linked_folder(root: str | Path) -> None:
    """Check that no folder below one is a link: what is written into it would land elsewhere. The root may be one.

    Raises:
        ValueError: If one is; one line.
    """
    for folder, folders, _ in os.walk(root):
        for name in folders:
            if (path := Path(folder, name)).is_symlink():
                raise ValueError(f'{path} is a link to a folder, so files would be written elsewhere: remove the link')


@contextmanager
def report_unwritable(place: str | Path) -> Iterator[None]:
    """Turn what the system says of a full disk or a folder that cannot be written into one line.

    Raises:
        ValueError: In the place of an ``OSError``.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ValueError(f'{place} cannot be written ({reason}): make room there, or name another folder') from None


def write_json(path: str | Path, content: Any, indent: int | None = 2) -> None:
    """Write JSON atomically (keys in the given order, so that equal content is written as equal bytes)."""
    # half a character, which no encoding has, is written as JSON writes it: as an escape
    data = json.dumps(content, indent=indent, ensure_ascii=False).encode(errors='backslashreplace') + b'\n'
    write_atomically(path, lambda file: file.write(data))


def write_png(path: str | Path, picture: np.ndarray) -> None:
    """Write a picture ``(H, W, 3)`` uint8 RGB as PNG, atomically."""
    write_atomically(path, lambda file: Image.fromarray(picture).save(file, 'PNG'))


def read_json(path: str | Path, advice: str = 'delete it and make it again') -> Any:
    """Read a JSON file.

    Args:
        path: The file.
        advice: What to do with a damaged one, for the message.

    Raises:
        ValueError: If the file is not valid JSON; the message names it.
    """
    try:
        return json.loads(Path(path).read_text(encoding='utf-8'))
    except ValueError as error:  # also bytes that are no text, and numbers of thousands of digits
        raise ValueError(f'{path} is not valid JSON ({str(error).split(";")[0]}); {advice}') from None
    except RecursionError:
        raise ValueError(f'{path} is not valid JSON (brackets are nested too deeply); {advice}') from None


def read_json_object(path: str | Path, advice: str = 'delete it and make it again') -> dict[str, Any]:
    """Read a JSON file that holds an object; arguments and errors as of :func:`read_json`."""
    content = read_json(path, advice)
    if not isinstance(content, dict):
        raise ValueError(f'{path} is damaged (it is a {type(content).__name__}, not names with values); {advice}')
    return content


@contextmanager
def report_damaged(path: str | Path, advice: str = 'delete it and make it again') -> Iterator[None]:
    """Turn what is missing or of another form in a file of ours, while its content is taken apart, into one line.

    Args:
        path: The file.
        advice: What to do with it, for the message.

    Raises:
        ValueError: In the place of the errors of Python, numpy and torch, but for those that name the file already.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError) as error:
        if isinstance(error, ValueError) and str(path) in str(error):
            raise
        reason = f'{error} is missing' if isinstance(error, KeyError) else ' '.join(str(error).split())
        raise ValueError(f'{path} is damaged ({reason}); {advice}') from None


def hash_content(content: Any) -> str:
    """Return the SHA-256 of any JSON-like content, independent of the order of keys."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def hash_file(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
