"""Unpacking tar and zip files of others: nothing is written outside the folder."""

import lzma
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from tqdm import tqdm

# RuntimeError and its kinds are of files with a password or an unknown compression; what is damaged ends in Python's
# modules with errors of types and numbers, too, and in tarfile of Python 3.10 with a name that does not exist
FAULTS = (
    *(tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, RuntimeError, zlib.error, lzma.LZMAError),
    *(TypeError, LookupError, OverflowError, AttributeError),
)


def unpack_archive(path: str | Path, folder: str | Path) -> None:
    """Unpack a tar (also compressed) or zip file, with a progress bar; files that are there already are replaced.

    Args:
        path: The archive.
        folder: Where to.

    Raises:
        ValueError: If it is no archive, is damaged, wants to write outside the folder, or needs more room than there
            is; one line. What was unpacked before a fault stays.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    try:
        if zipfile.is_zipfile(path):
            _unpack_zip(path, folder)
        else:
            _unpack_tar(path, folder)
    except FAULTS as error:
        raise ValueError(f'{path} cannot be unpacked into {folder} ({error})') from None


def _unpack_tar(path: str | Path, folder: str | Path) -> None:
    if not hasattr(tarfile, 'data_filter'):
        raise ValueError('this Python cannot unpack tar files safely (tarfile has no filters): update it, or use 3.12')
    size = os.path.getsize(path)
    with (
        open(path, 'rb') as file,
        tqdm.wrapattr(file, 'read', total=size, desc=f'unpacking {Path(path).name}', disable=None) as shown,
        tarfile.open(fileobj=shown, mode='r|*') as archive,
    ):
        archive.extractall(folder, filter='data')


def _unpack_zip(path: str | Path, folder: str | Path) -> None:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        for member in members:
            _check_member(path, member)
        needed, free = sum(member.file_size for member in members), shutil.disk_usage(folder).free
        if needed > free:
            raise ValueError(f'{path} needs {needed / 1e9:.1f} GB in {folder}, which has {free / 1e9:.1f} GB free')
        for member in tqdm(members, desc=f'unpacking {Path(path).name}', unit='file', disable=None):
            archive.extract(member, folder)


def _check_member(path: str | Path, member: zipfile.ZipInfo) -> None:
    """Raise ValueError if a member of a zip is a link, or its name leads out of the folder."""
    name = PurePosixPath(member.filename.replace('\\', '/'))
    if name.is_absolute() or '..' in name.parts or ':' in name.parts[0] or stat.S_ISLNK(member.external_attr >> 16):
        raise ValueError(f'{path} is refused: its member {member.filename!r} leads out of the folder')
