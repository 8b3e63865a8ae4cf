"""Photos with tags in any folder tree."""

import logging
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from mmengine.logging import print_log
from mmengine.registry import DATASETS

from ..structures.photo_file import PHOTO_ENDINGS
from ..structures.photo_names import check_photo_name
from .coco_instances import read_coco_masks
from .data_sources import DataSource
from .maps_of_photos import MapFolder
from .splits import read_split_lines
from .tag_dataset import TagDataset
from .tags import PhotoNames, read_tags
from .tags.folders import walk_files
from .tags.names import drop_ending


@DATASETS.register_module()
class PhotoTagDataset(TagDataset):
    """Photos of a folder and its subfolders, with tags in any form of :func:`read_tags`.

    ``img_id`` is the path below ``data_root`` with its ending and ``/`` between folders, so photos of equal names in
    other folders or with other endings stay apart. Hidden folders are left out, and links to folders not followed.

    Args:
        ann_file: Text files that name photos by this path, one per line (relative to ``data_root``); None: all photos.
        tags_file: Tags of all photos, relative to ``data_root``; a folder (``'.'`` for that of the photos) means that
            folders are classes. Without it no photo has a tag.
        data_prefix: ``sem_seg`` and ``instance`` (masks), ``saliency``: folders of PNG files named like the photos
            (``a/b.jpg`` has ``a/b.png`` or ``a/b.jpg.png``); other keys are stores, see :class:`TagDataset`.
        mask_file: Masks of instances as COCO json instead, whose ``file_name`` is the path below ``data_root``;
            relative to ``data_root``.
        kwargs: Further arguments of :class:`TagDataset`; ``metainfo=dict(classes=...)`` is needed.

    Raises:
        FileNotFoundError: If ``data_root`` does not exist or holds no photo.
        ValueError: As :class:`TagDataset`.
    """

    METAINFO: ClassVar[dict] = dict(classes=())
    default_folders: ClassVar[dict[str, str | None]] = dict(sem_seg=None, instance=None)
    photo_settings = (*TagDataset.photo_settings, 'mask_file')

    def __init__(
        self,
        ann_file: str | Sequence[str] | None = None,
        data_root: str = '',
        data_prefix: dict | None = None,
        tags_file: str | None = None,
        mask_file: str | None = None,
        **kwargs,
    ) -> None:
        self.mask_file = os.path.join(data_root or '', mask_file) if mask_file else None
        self._tree: list[str] = []
        self._masks: dict[str, Any] = {}
        super().__init__(ann_file, data_root, data_prefix, tags_file, **kwargs)

    def list_photos(self) -> dict[str, str]:
        """Return the path of each photo by its id: those that the split files name, or all."""
        root = self.data_root or '.'
        if not os.path.isdir(root):
            raise FileNotFoundError(f'Photo folder {root} does not exist; set data_root')
        self._tree = list_photo_tree(root, self.data_prefix.values())
        if not self._tree:
            raise FileNotFoundError(f'{root} holds no photo ({", ".join(PHOTO_ENDINGS)}), nor do its subfolders')
        photos = self._find_named() if self.split_files else self._tree
        if self.with_masks:
            self._prepare_masks()
        return {photo: os.path.join(root, photo) for photo in photos}

    def read_photo_tags(self, photos: Mapping[str, str]) -> dict[str, list[str]]:
        """Read the tags of all photos from the tags file."""
        if not self.tags_file:
            return {}
        tags = read_tags(self.tags_file, self._tree, self.metainfo['classes'])
        for line in tags.warnings:
            print_log(line, 'current', logging.WARNING)
        return tags.by_photo

    def name_masks(self, photo: str) -> dict[str, Any]:
        """Return the mask files, or the COCO annotations, of a photo that has some."""
        if 'coco' in self._masks:
            annotations = self._masks['coco'].get(photo)
            return {} if annotations is None else dict(mask_annotations=annotations)
        names = dict(seg_map_path='sem_seg', instance_map_path='instance')
        found = {key: self._masks[folder].find(photo) for key, folder in names.items()}
        return {key: path for key, path in found.items() if path}

    @classmethod
    def describe_sources(cls, settings: Mapping[str, Any]) -> list[DataSource]:
        """Return splits, tags and points, the folder of the photos, and those of masks and saliency maps."""
        root = settings.get('data_root') or '.'
        sources = [*super().describe_sources(settings), DataSource(root, endings=PHOTO_ENDINGS)]
        sources += [DataSource(folder) for folder in cls.name_folders(settings).values()]
        if settings.get('mask_file') and settings.get('with_masks'):
            sources.append(DataSource(os.path.join(root, settings['mask_file'])))
        return sources

    def describe_masks(self) -> str:
        """Return where the masks are, for messages."""
        return self.mask_file or super().describe_masks()

    def find_shared_stems(self, data_list: Sequence[dict]) -> frozenset[str]:
        """Return paths without ending that several photos share."""
        return find_shared_stems(self._tree)

    def _find_named(self) -> list[str]:
        names, photos = PhotoNames(self._tree), []
        for line in read_split_lines(self.split_files):
            photo = names.find(line)
            if photo is None and (alike := names.list_alike(line)):
                raise ValueError(
                    f'{", ".join(self.split_files)}: {line} may be {" or ".join(alike)}: write the path below '
                    f'{self.data_root} with its ending'
                )
            missing = photo is None or names.is_elsewhere(line, photo)
            if missing:
                check_photo_name(line, ', '.join(self.split_files))
            photos.append(line if missing else photo)  # one that is not there is counted with the bad ones
        return list(dict.fromkeys(photos))

    def _prepare_masks(self) -> None:
        if self.mask_file:
            classes = self.metainfo['classes']
            self._masks['coco'] = read_coco_masks(self.mask_file, self._tree, classes, self.ignore_unknown_classes)
            return
        shared = find_shared_stems(self._tree)
        for folder in ('sem_seg', 'instance'):
            path = self.data_prefix.get(folder)
            if path and not os.path.isdir(path):
                raise FileNotFoundError(f'Mask folder {path} does not exist; set data_prefix.{folder}')
            self._masks[folder] = MapFolder(path, shared)


def list_photo_tree(root: str, skip: Iterable[str] = ()) -> list[str]:
    """Return the photos below a folder, sorted, by their path below it with ``/`` between folders.

    Args:
        root: The folder.
        skip: Folders in it that hold no photos (masks, maps).
    """
    return list(walk_files(root, PHOTO_ENDINGS, skip))


def name_stems(photos: Iterable[str]) -> dict[str, str]:
    """Return what to name the files of each photo, to which an ending is added: the path without its own ending.

    Photos that would share a name keep theirs (``a.jpg`` and ``a.png``), as :class:`MapFolder` looks for them. So does
    one whose path without ending is the whole path of another (``a.jpg.png`` beside ``a.jpg``).
    """
    photos = dict.fromkeys(photos)
    shared = find_shared_stems(photos)
    stems = {photo: drop_ending(photo) for photo in photos}
    return {photo: photo if stem in shared or stem in photos else stem for photo, stem in stems.items()}


def find_shared_stems(photos: Iterable[str]) -> frozenset[str]:
    """Return paths without ending that several photos share."""
    return frozenset(stem for stem, count in Counter(map(drop_ending, photos)).items() if count > 1)
