"""Names of photos that files of others hold: none may lead out of the folder of the photos."""

import os

#: File systems take no longer name of a file or a folder.
LONGEST_NAME = 255


def find_name_fault(name: str) -> str | None:
    """Say why a name cannot be the path of a photo below a folder; None if it can.

    Links are not looked at: a photo may be a link to a file elsewhere, and is only read.

    Args:
        name: As it is written in a list or a json; folders are parted by ``/`` (or a backslash).
    """
    parts = name.replace('\\', '/').split('/')
    if not name.strip():
        return 'it is empty'
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in name):
        return 'it holds a control character'
    if os.path.isabs(name) or not parts[0] or '..' in parts:
        return 'it is not a path below the photo folder'
    if any(len(part.encode('utf-8', 'surrogatepass')) > LONGEST_NAME for part in parts):
        return f'it is longer than the {LONGEST_NAME} bytes that a file system takes'
    return None


def check_photo_name(name: str, source: str) -> None:
    """Check that a name can be the path of a photo below a folder.

    Args:
        name: The name.
        source: The file that holds it, for the message.

    Raises:
        ValueError: If it cannot, see :func:`find_name_fault`; one line.
    """
    if fault := find_name_fault(name):
        shown = name if len(name) <= 80 else f'{name[:77]}...'
        raise ValueError(f'{source} names the photo {shown!r}, but {fault}: correct it')
