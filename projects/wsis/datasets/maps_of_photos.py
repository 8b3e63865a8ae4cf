"""Folders with one PNG per photo: masks for evaluation and saliency maps."""

import os
from collections.abc import Collection, Sequence

from .tags.folders import walk_files
from .tags.names import drop_ending


class MapFolder:
    """The PNG files of a folder, each named like its photo: ``a/b.jpg`` has ``a/b.png`` or ``a/b.jpg.png``.

    Args:
        folder: The folder; without one, or if it does not exist, it has no maps.
        shared_stems: Names without ending that several photos share; they need the form ``a/b.jpg.png``.
    """

    def __init__(self, folder: str | None, shared_stems: Collection[str] = ()) -> None:
        self.folder = folder
        self.shared_stems = shared_stems
        files = walk_files(folder, ('.png',)) if folder and os.path.isdir(folder) else ()
        self.files = {file[: -len('.png')]: file for file in files}

    def find(self, photo: str) -> str | None:
        """Return the file of a photo, None if there is none."""
        stem = drop_ending(photo)
        names = [photo] if stem in self.shared_stems else [photo, stem]
        return next((os.path.join(self.folder, self.files[name]) for name in names if name in self.files), None)


def name_saliency(data_list: Sequence[dict], maps: MapFolder) -> None:
    """Add ``saliency_path`` to all photos; missing maps are reported at once, not one by one during the run.

    Raises:
        FileNotFoundError: If the folder or the map of a photo is missing.
    """
    if not os.path.isdir(maps.folder):
        raise FileNotFoundError(
            f'Saliency folder {maps.folder} does not exist: make the maps with '
            'tools/dataset_converters/make_saliency.py, or name your own folder (data_prefix.saliency)'
        )
    found = {info['img_id']: maps.find(info['img_id']) or maps.find(info['file_name']) for info in data_list}
    if missing := [photo for photo, path in found.items() if path is None]:
        raise FileNotFoundError(
            f'{len(missing)} of {len(data_list)} photos have no saliency map <photo>.png in {maps.folder} '
            f'(make them, or name another folder by data_prefix.saliency): {", ".join(missing[:50])}'
            + (f' and {len(missing) - 50} more' if len(missing) > 50 else '')
        )
    for info in data_list:
        info['saliency_path'] = found[info['img_id']]
