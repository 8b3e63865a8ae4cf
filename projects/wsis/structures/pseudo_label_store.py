"""The pseudo-label store: a folder with one file per photo and a manifest that records its origin."""

import io
import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .class_lists import describe_difference
from .file_hashes import FileHashes
from .files import check_no_linked_folder, hash_content, read_json, write_atomically, write_json
from .packed_maps import pack_maps, unpack_maps
from .photo_file import MAX_PIXELS

MANIFEST_NAME = 'manifest.json'
# File systems allow 255; a temporary name has some more than the final one.
MAX_NAME_BYTES = 235
#: Ending of the names of packed maps in the file of a photo.
PACKED = '_packed'
#: The arrays of one photo are refused beyond: a map of 4 bytes a pixel of the largest photo.
MAX_ARRAY_BYTES = 4 * MAX_PIXELS


class PseudoLabelStore:
    """One artifact (CAMs, label maps, instances ...) in one folder: one file per photo, and ``manifest.json``.

    The manifest holds what made the artifact (``lineage``: hashes of the config, of the checkpoint and of the input
    stores), the class names, the number of photos and whether the artifact is complete. Files are written atomically,
    so each file that exists is whole; an artifact is complete only once :meth:`finish` was called. What happens to a
    file later, on the disk or by hand, shows by its hash in ``files.sha256``.

    Args:
        root: The folder.
        artifact: What is stored, e.g. ``'cams'``. A store of another artifact is refused.
        suffix: File name ending of the photo files, e.g. ``'.npz'``.
    """

    def __init__(self, root: str | Path, artifact: str, suffix: str) -> None:
        self.root = Path(root)
        self.artifact = artifact
        self.suffix = suffix
        # after start(): files of an earlier run that were damaged, and how many were of another lineage
        self.dropped: list[str] = []
        self.discarded = 0

    @property
    def hashes(self) -> FileHashes:
        """The hashes of the photo files."""
        return FileHashes(self.root)

    @property
    def manifest_path(self) -> Path:
        return self.root / MANIFEST_NAME

    def path_of(self, photo: str) -> Path:
        """Return the file of a photo: ``<id><suffix>``, in subfolders where the id has ``/``.

        Raises:
            ValueError: If the id is no path below the store, too long for a file name, or would be the manifest.
        """
        parts = photo.split('/')
        name = f'{parts[-1]}{self.suffix}'
        if name == MANIFEST_NAME:
            raise ValueError(f'A photo cannot be named {photo!r} where {self.artifact} are stored as {name}: rename it')
        if '\0' in photo or any(part in ('', '.', '..') for part in parts):
            raise ValueError(f'A photo cannot be named {photo!r}: {self.artifact} are stored by paths below a folder')
        if len(os.fsencode(name)) > MAX_NAME_BYTES:
            raise ValueError(f'The name of photo {photo!r} is too long for its {self.artifact}: shorten it')
        return self.root.joinpath(*parts[:-1], name)

    def __contains__(self, photo: str) -> bool:
        return self.path_of(photo).is_file()

    def read_manifest(self) -> dict[str, Any]:
        """Read the manifest.

        Raises:
            FileNotFoundError: If the folder is no store.
            ValueError: If it is a store of another artifact, or the file is no manifest.
        """
        if not self.manifest_path.is_file():
            raise FileNotFoundError(
                f'{self.root} holds no {self.artifact} ({MANIFEST_NAME} is missing): make them first with '
                'tools/test.py, or name the right folder'
            )
        manifest = read_manifest(self.manifest_path)
        if manifest['artifact'] != self.artifact:
            raise ValueError(
                f'{self.root} holds {manifest["artifact"]!r}, but {self.artifact!r} are needed here: name another '
                'folder'
            )
        return manifest

    def start(self, lineage: dict[str, Any], classes: Sequence[str], **facts: Any) -> bool:
        """Open the store for writing. Files of an interrupted run of the same lineage are kept, others are removed.

        Of those also a file that is not noted or has another hash is removed; ``dropped`` names them. Call it in one
        process only, while no other writes.

        Args:
            lineage: What makes the artifact; compared with the manifest that is there.
            classes: Class names; their order gives the ids.
            facts: Further entries of the manifest.

        Returns:
            Whether files of an earlier run are kept, so that their photos need not be made again.

        Raises:
            ValueError: If the folder holds another artifact (it is not overwritten), files that no manifest accounts
                for, or a link to a folder.
        """
        check_no_linked_folder(self.root)
        content = dict(artifact=self.artifact, complete=False, classes=list(classes), **facts, lineage=lineage)
        kept = False
        if self.manifest_path.is_file():
            old = self.read_manifest()
            kept = hash_content([old.get('classes'), old.get('lineage')]) == hash_content([list(classes), lineage])
        elif foreign := self._photo_files():
            raise ValueError(
                f'{self.root} holds {foreign[0].name}, but no {MANIFEST_NAME} that says what made it: name another '
                f'folder for the {self.artifact}, or empty this one'
            )
        if not kept:
            # of no lineage first, so that the old files are trusted by nobody if this is killed while it clears
            write_json(self.manifest_path, {**content, 'lineage': None})
            old_files = self._photo_files()
            self.discarded = len(old_files)
            self._remove(old_files)
            self.hashes.remove()
        # half-written by a run that was killed
        self._remove([file for file in self._walk() if file.name[0] == '.' and file.suffix == '.tmp'])
        self.dropped = self._drop_damaged() if kept else []
        write_json(self.manifest_path, content)
        return kept

    def _drop_damaged(self) -> list[str]:
        files = self._photo_files()
        damaged = self.hashes.find_damaged(files)
        self._remove(damaged)
        self.hashes.close(sorted(set(files) - set(damaged)))
        return [file.relative_to(self.root).as_posix() for file in damaged]

    def note(self, photo: str) -> None:
        """Note the hash of a photo's file that has been written.

        Raises:
            FileNotFoundError: If the store was removed while it was made: what is written now belongs to nothing.
        """
        if not self.manifest_path.is_file():
            raise FileNotFoundError(
                f'{self.root} was removed while its {self.artifact} were made: run the same command again'
            )
        self.hashes.note(self.path_of(photo))

    def _photo_files(self) -> list[Path]:
        return [file for file in self._walk() if file.name.endswith(self.suffix) and file.name[0] != '.']

    def _walk(self) -> Iterator[Path]:
        """Yield all files but manifests; subfolders that are stores of their own are left out, as are links."""
        for folder, folders, files in os.walk(self.root):
            folders[:] = sorted(name for name in folders if not os.path.exists(Path(folder, name, MANIFEST_NAME)))
            yield from (Path(folder, name) for name in sorted(files) if name != MANIFEST_NAME)

    def _remove(self, files: Iterable[Path]) -> None:
        for file in files:
            file.unlink()

    def check_files(self, photos: Sequence[str]) -> None:
        """Check that each photo has its file.

        Raises:
            RuntimeError: If a photo has no file.
        """
        missing = [photo for photo in photos if photo not in self]
        if missing:
            raise RuntimeError(
                f'{self.root}: {len(missing)} of {len(photos)} photos have no {self.artifact} '
                f'(first: {missing[0]}); run the same command again to make them'
            )

    def finish(self, photos: Sequence[str], **facts: Any) -> None:
        """Mark the artifact as complete.

        Raises:
            RuntimeError: If a photo has no file.
        """
        self.check_files(photos)
        manifest = self.read_manifest()
        files_hash = self.hashes.close([self.path_of(photo) for photo in photos])
        manifest.update(complete=True, count=len(photos), files_hash=files_hash, **facts)
        write_json(self.manifest_path, manifest)

    def check_readable(self, classes: Sequence[str] | None = None) -> dict[str, Any]:
        """Check that the store is complete and was made for these classes; return its manifest.

        Raises:
            FileNotFoundError: If the folder is no store.
            ValueError: If it is incomplete, of another artifact or of another class list.
        """
        manifest = self.read_manifest()
        if not manifest.get('complete'):
            raise ValueError(
                f'{self.root}: making the {self.artifact} was interrupted; run the command that makes them again '
                '(it continues where it stopped)'
            )
        if classes is not None and (difference := describe_difference(manifest.get('classes') or [], classes)):
            raise ValueError(f'{self.root}: made for {difference}; make the {self.artifact} again with this class list')
        return manifest

    def missing_file_error(self, photo: str) -> FileNotFoundError:
        """Return the error for a photo that the store does not hold."""
        return FileNotFoundError(
            f'{self.root} has no {self.artifact} of photo {photo}: it was made for other photos; make it for this split'
        )

    def write_arrays(self, photo: str, **arrays: np.ndarray) -> None:
        """Write the npz file of a photo. Maps (K, h, w) of float16 are packed, without loss: ``NAME_packed``."""
        content = io.BytesIO()  # numpy and zipfile tell a full disk by errors of their own
        np.savez_compressed(content, **dict(_pack(name, array) for name, array in arrays.items()))
        write_atomically(self.path_of(photo), lambda file: file.write(content.getbuffer()))

    def read_arrays(self, photo: str) -> dict[str, np.ndarray]:
        """Read the npz file of a photo, without unpickling; maps are unpacked, or as they are in a file of old.

        Raises:
            FileNotFoundError: If the photo has no file.
            ValueError: If the file is damaged; also where an array that it lacks is asked for.
        """
        path = self.path_of(photo)
        if not path.is_file():
            raise self.missing_file_error(photo)
        try:
            _check_sizes(path)
            with np.load(path, allow_pickle=False) as content:
                return _Arrays(path, dict(_unpack(key, content[key]) for key in content.files))
        except Exception as error:  # numpy, zipfile and zlib each raise errors of their own
            reason = ' '.join(str(error).split())
            raise ValueError(f'{path} is damaged ({reason}); delete it and make it again') from None


def _pack(name: str, array: np.ndarray) -> tuple[str, np.ndarray]:
    array = np.asanyarray(array)
    if array.dtype == np.float16 and array.ndim == 3:
        return name + PACKED, pack_maps(array)
    return name, array


def _unpack(name: str, array: np.ndarray) -> tuple[str, np.ndarray]:
    if name.endswith(PACKED):
        return name.removesuffix(PACKED), unpack_maps(array)
    return name, array


class _Arrays(dict):
    """The arrays of a file; one that it lacks is a fault of the file."""

    def __init__(self, path: Path, arrays: dict[str, np.ndarray]) -> None:
        super().__init__(arrays)
        self.path = path

    def __missing__(self, key: str) -> np.ndarray:
        raise ValueError(f'{self.path} is damaged ({key!r} is missing); delete it and make it again')


def _check_sizes(path: Path) -> None:
    """Check an npz file before anything in it is unpacked.

    Raises:
        ValueError: If its arrays are larger than those of any photo, or zip does not know it.
    """
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > MAX_ARRAY_BYTES:
        raise ValueError(f'its arrays have {size:,} bytes, more than {MAX_ARRAY_BYTES:,}')


def find_manifests(folder: str | Path) -> dict[str, str]:
    """Return the hash of the manifest of a store, or of each store directly below a folder: ``{path: hash}``.

    Paths are relative to ``folder``; only complete manifests have a stable hash, so incomplete ones are left out. The
    entry ``made_by`` does not count: it says where config and checkpoint lay, not what they held.

    Raises:
        ValueError: If a manifest is damaged; one line.
    """
    folder = Path(folder)
    found = {}
    for path in sorted([*folder.glob(MANIFEST_NAME), *folder.glob(f'*/{MANIFEST_NAME}')]):
        manifest = read_manifest(path)
        if manifest.pop('complete', False):
            manifest.pop('made_by', None)
            found[str(path.parent.relative_to(folder))] = hash_content(manifest)
    return found


def find_damaged_files(folder: str | Path) -> list[Path]:
    """Return the files of the complete stores of :func:`find_manifests` that are missing or not as they were written.

    A store without ``files_hash`` was made by an earlier version; it is taken as it is.

    Raises:
        ValueError: If a manifest is damaged; one line.
    """
    folder = Path(folder)
    found: list[Path] = []
    for path in sorted([*folder.glob(MANIFEST_NAME), *folder.glob(f'*/{MANIFEST_NAME}')]):
        manifest = read_manifest(path)
        if manifest.get('complete') and isinstance(manifest.get('files_hash'), str):
            found += FileHashes(path.parent).find_changed(manifest['files_hash'])
    return found


def reopen(root: Path) -> None:
    """Mark a complete store as interrupted, so that what was taken out of it is made again."""
    manifest = read_manifest(root / MANIFEST_NAME)
    write_json(root / MANIFEST_NAME, {**manifest, 'complete': False})


def read_manifest(path: Path) -> dict[str, Any]:
    """Read the manifest of a store of any artifact.

    Raises:
        ValueError: If the file is none; one line.
    """
    manifest = read_json(path)
    classes = manifest.get('classes') if isinstance(manifest, dict) else None
    named = isinstance(manifest, dict) and isinstance(manifest.get('artifact'), str)
    if not named or not (classes is None or isinstance(classes, list)):
        raise ValueError(f'{path} is no manifest of a store: name the folder of one, or make it again')
    return manifest
