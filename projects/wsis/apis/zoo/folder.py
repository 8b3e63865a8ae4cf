"""A folder of published models: pairs of files NAME-<hash>.pth and NAME-<hash>.py."""

import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path

from mmengine.logging import print_log

from ...structures import hash_file
from ..publishing import HASH_LENGTH

ZOO_VARIABLE = 'WSIS_ZOO'  # names the folder
PUBLISHED_STEM = re.compile(rf'(?P<name>.+)-(?P<digest>[0-9a-f]{{{HASH_LENGTH}}})')


@dataclass(frozen=True)
class PublishedModel:
    """One version of a model in a folder.

    Attributes:
        name: The model's name.
        digest: The first digits of the SHA-256 of the checkpoint, which its file name holds.
        checkpoint: ``NAME-<digest>.pth``.
        config: ``NAME-<digest>.py``.
    """

    name: str
    digest: str
    checkpoint: Path
    config: Path

    @property
    def full_name(self) -> str:
        """The name of this version and no other."""
        return f'{self.name}-{self.digest}'


def find_zoo_folder() -> Path | None:
    """Return the folder that the environment variable WSIS_ZOO names; None if it is not set.

    Raises:
        FileNotFoundError: If it names no folder; one line.
    """
    given = os.environ.get(ZOO_VARIABLE)
    if not given:
        return None
    folder = Path(given).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(
            f'{ZOO_VARIABLE} names {given}, which is no folder: name the folder that publish_model.py wrote to'
        )
    return folder


def list_published(folder: Path) -> list[PublishedModel]:
    """Return the models of a folder by name, and the versions of a name from the oldest file to the newest.

    A version of which one of the two files is missing is listed too, so that it can be said what is missing.
    """
    found = {}
    for path in folder.iterdir():
        match = PUBLISHED_STEM.fullmatch(path.stem)
        if match and path.suffix in ('.pth', '.py'):
            found[path.stem] = PublishedModel(
                match['name'], match['digest'], path.with_suffix('.pth'), path.with_suffix('.py')
            )
    return sorted(found.values(), key=lambda model: (model.name, _read_time(model), model.digest))


def _read_time(model: PublishedModel) -> float:
    path = model.checkpoint if model.checkpoint.is_file() else model.config
    return path.stat().st_mtime


def find_published(folder: Path, name: str) -> PublishedModel | None:
    """Return the version of a model that a name stands for, with its files checked; None if no model is called so.

    Args:
        folder: Folder of published models.
        name: ``NAME``, of which the newest file counts if there are several, or ``NAME-<hash>``.

    Raises:
        FileNotFoundError: If one of its two files is missing; one line.
        ValueError: If the checkpoint's content does not fit the hash in its name; one line.
    """
    models = list_published(folder)
    versions = [model for model in models if model.name == name]
    versions = versions or [model for model in models if model.full_name == name]
    if not versions:
        return None
    chosen = versions[-1]
    if len(versions) > 1:
        others = ', '.join(model.full_name for model in versions[:-1])
        print_log(
            f'{name} is in {folder} in {len(versions)} versions: the newest file, {chosen.full_name}, is taken; '
            f'name another one in full: {others}',
            'current',
            logging.WARNING,
        )
    for path, other in ((chosen.checkpoint, chosen.config), (chosen.config, chosen.checkpoint)):
        if not path.is_file():
            raise FileNotFoundError(f'{other} has no {path.name} beside it: copy both files, or publish the model anew')
    check_hash(chosen.checkpoint, chosen.digest, 'copy it again, or publish the model anew')
    return chosen


def check_hash(checkpoint: Path, digest: str, advice: str) -> None:
    """Check that the SHA-256 of a file begins as its name says.

    Raises:
        ValueError: If it does not; one line.
    """
    found = hash_file(checkpoint)[: len(digest)]
    if found != digest:
        raise ValueError(f'{checkpoint} is damaged or not what its name says (its SHA-256 begins {found}): {advice}')
