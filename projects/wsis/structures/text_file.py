"""Text and JSON files written by users: any common encoding is read, and errors name file and line."""

import codecs
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

_MARKS = ((codecs.BOM_UTF8, 'utf-8'), (codecs.BOM_UTF16_LE, 'utf-16-le'), (codecs.BOM_UTF16_BE, 'utf-16-be'))

# how Python begins to say that it reads no longer numbers
LONG_NUMBER = 'Exceeds the limit'


def read_text(path: str | Path) -> str:
    """Read a text file in UTF-8, with or without byte-order mark, or in UTF-16 with it.

    Raises:
        FileNotFoundError: If it does not exist.
        ValueError: If it is of another encoding; the message names the line of the first byte that does not fit.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f'{path} does not exist')
    if not path.is_file():
        raise ValueError(f'{path} is no file: name a text file')
    content = path.read_bytes()
    mark, encoding = next(((mark, name) for mark, name in _MARKS if content.startswith(mark)), (b'', 'utf-8'))
    content = content[len(mark) :]
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        # what stands before the first bad byte can be decoded
        line = content[: error.start].decode(encoding, errors='replace').count('\n') + 1
        raise ValueError(
            f'{path}, line {line}: byte 0x{content[error.start]:02x} is not {encoding[:6].upper()}; save it as UTF-8'
        ) from None
    if '\0' in text:  # UTF-16 without a mark, or no text at all
        line = text[: text.index('\0')].count('\n') + 1
        raise ValueError(f'{path}, line {line}: a zero byte is no text; save it as UTF-8')
    return text


def printable(value: object) -> str:
    """Return what others have written on one line that every terminal can show: control characters become escapes."""
    return ''.join(
        letter if letter.isprintable() else letter.encode('unicode_escape', 'surrogatepass').decode('ascii')
        for letter in str(value)
    )


def read_given_json(path: str | Path, object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """Read a JSON file that a person has given; our own files are read by :func:`.files.read_json`.

    Args:
        path: The file.
        object_pairs_hook: As of :func:`json.loads`, e.g. to see keys that stand twice.

    Raises:
        FileNotFoundError: If it does not exist.
        ValueError: If it is not valid JSON; the message names the line.
    """
    text = read_text(path)
    try:
        return json.loads(text, object_pairs_hook=object_pairs_hook)
    except json.JSONDecodeError as error:
        raise ValueError(
            f'{path} is not valid JSON (line {error.lineno}, column {error.colno}: {error.msg}); correct that place'
        ) from None
    except RecursionError:
        raise ValueError(f'{path}: brackets are nested too deeply for JSON; correct it') from None
    except ValueError as error:
        if LONG_NUMBER not in str(error):  # what the hook says is a line of its own
            raise
        raise ValueError(f'{path} is not valid JSON (a number has thousands of digits); correct it') from None
