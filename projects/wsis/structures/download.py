"""Downloading a large file so that an interrupted download goes on, and nothing incomplete looks whole."""

import hashlib
import os
import shutil
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tqdm import tqdm

BLOCK = 1 << 20
TIMEOUT = 60
PARTIAL_CONTENT, RANGE_NOT_SATISFIABLE = 206, 416


def download_file(url: str, path: str | Path, md5: str) -> bool:
    """Download a file, with a progress bar, and check its MD5 sum.

    What has arrived lies in ``<path>.part`` until it is whole. A later call goes on where it ends, if the
    server can.

    Args:
        url: HTTP or HTTPS.
        path: Where the file goes; one that is there already and has the sum stays as it is.
        md5: The sum of its bytes.

    Returns:
        Whether anything was downloaded.

    Raises:
        ValueError: If the file cannot be had, the disk is too small, or the sum is another; one line.
    """
    path = Path(path)
    if path.is_file():
        if (found := hash_md5(path)) != md5:
            raise ValueError(f'{path} has the MD5 sum {found}, not {md5}: it is damaged or another file; move it away')
        return False
    part = path.with_name(f'{path.name}.part')
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        _fetch(url, part)
    except (OSError, HTTPException) as error:
        reason = getattr(error, 'reason', None) or error
        raise ValueError(f'{url} cannot be downloaded ({reason}): run the same command again to go on') from None
    if (found := hash_md5(part)) != md5:
        part.unlink()
        raise ValueError(f'{url} has come with the MD5 sum {found}, not {md5}, and is deleted: download it again')
    os.replace(part, path)
    return True


def hash_md5(path: str | Path) -> str:
    """Return the MD5 sum of a file; one of some size gets a progress bar."""
    digest = hashlib.md5(usedforsecurity=False)
    with open(path, 'rb') as file, _progress(f'checking {Path(path).name}', os.path.getsize(path)) as bar:
        while block := file.read(BLOCK):
            digest.update(block)
            bar.update(len(block))
    return digest.hexdigest()


def _fetch(url: str, part: Path) -> None:
    """Append to a file what it lacks.

    Raises:
        OSError: If the server refuses, or the connection ends too early.
        ValueError: If the disk is too small.
    """
    here = part.stat().st_size if part.is_file() else 0
    headers = {'Range': f'bytes={here}-'} if here else {}
    try:
        response: HTTPResponse = urlopen(Request(url, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        if here and error.code == RANGE_NOT_SATISFIABLE:  # all of it is here
            return
        raise
    with response:
        if response.status != PARTIAL_CONTENT:  # the server sends all of it
            here = 0
        rest = int(response.headers.get('Content-Length') or 0)
        if rest > (free := shutil.disk_usage(part.parent).free):
            raise ValueError(
                f'{url} needs {rest / 1e9:.1f} GB more in {part.parent}, which has {free / 1e9:.1f} GB free'
            )
        with (
            open(part, 'ab' if here else 'wb') as file,
            _progress(part.name.removesuffix('.part'), here + rest or None, here) as bar,
        ):
            while block := response.read(BLOCK):
                file.write(block)
                bar.update(len(block))
    if rest and part.stat().st_size < here + rest:
        raise ConnectionError(f'the connection ended after {part.stat().st_size:,} of {here + rest:,} bytes')


def _progress(title: str, total: int | None, done: int = 0) -> tqdm:
    return tqdm(desc=title, total=total, initial=done, unit='B', unit_scale=True, unit_divisor=1024, disable=None)
