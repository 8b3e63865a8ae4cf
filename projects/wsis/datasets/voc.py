"""Photos with tags in PASCAL VOC layout."""

import logging
import os
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from mmengine.logging import print_log
from mmengine.registry import DATASETS

from ..structures.index_png import voc_palette
from ..structures.photo_file import is_photo_name
from ..structures.photo_names import check_photo_name
from .data_sources import DataSource
from .splits import read_split_lines
from .tag_dataset import TagDataset
from .tags import read_tags
from .tags.folders import read_xml_tags
from .tags.names import drop_ending
from .tags.spelling import join_spellings

VOC_CLASSES = (
    'aeroplane',
    'bicycle',
    'bird',
    'boat',
    'bottle',
    'bus',
    'car',
    'cat',
    'chair',
    'cow',
    'diningtable',
    'dog',
    'horse',
    'motorbike',
    'person',
    'pottedplant',
    'sheep',
    'sofa',
    'train',
    'tvmonitor',
)


@DATASETS.register_module()
class VOCTagDataset(TagDataset):
    """Photos and their tags in any VOC layout, for every class list.

    ``img_id`` is the file stem. Tags are the distinct object names of ``Annotations/<photo>.xml``, or come from a tags
    file. Further arguments: see :class:`TagDataset`.

    A line of a split file names a photo with or without its ending; names may hold blanks, VOC's second column (1, 0 or
    -1) is left out, and photos named twice count once. An ending counts: ``a.jpg`` is never ``a.png``, and a name
    without ending may not fit two files. With ``mode='predict'`` a photo without XML file has no tags; else it is an
    error.
    """

    METAINFO = dict(classes=VOC_CLASSES, palette=voc_palette(len(VOC_CLASSES)))

    default_ann_file = 'ImageSets/Segmentation/train.txt'
    default_folders: ClassVar[dict[str, str | None]] = dict(
        img_path='JPEGImages', ann='Annotations', sem_seg='SegmentationClass', instance='SegmentationObject'
    )

    def list_photos(self) -> dict[str, str]:
        """Return the path of each photo of the splits by its stem.

        Raises:
            ValueError: If a name without ending fits two files, two photos of the splits have one stem, or a line leads
                out of the folder.
        """
        folder = PhotoFolder(self.data_prefix['img_path'])
        photos: dict[str, str] = {}
        for line in read_split_lines(self.split_files):
            check_photo_name(line.lstrip('/'), ', '.join(self.split_files))  # VOC's own lists begin with /JPEGImages
            name = folder.find(line)
            path = os.path.join(folder.path, name)
            if photos.setdefault(drop_ending(name), path) != path:
                raise ValueError(
                    f'{", ".join(self.split_files)}: {os.path.basename(photos[drop_ending(name)])} and {name} would '
                    'share their pseudo labels, which are named by stems: rename one, or use PhotoTagDataset'
                )
        return photos

    def read_photo_tags(self, photos: Mapping[str, str]) -> dict[str, list[str]]:
        """Read the tags of photos from XML files, or from the tags file."""
        if self.tags_file:
            stems = {os.path.basename(path): photo for photo, path in photos.items()}
            tags = read_tags(self.tags_file, stems, self.metainfo['classes'])
            for line in tags.warnings:
                print_log(line, 'current', logging.WARNING)
            return {stems[name]: names for name, names in tags.by_photo.items()}
        names = {photo: self._read_xml(photo) for photo in photos}
        right = join_spellings((name for found in names.values() for name in found), self.metainfo['classes'])
        return {photo: [right[name] for name in found] for photo, found in names.items()}

    def name_masks(self, photo: str) -> dict[str, Any]:
        """Return the paths of the masks that a photo has."""
        paths = dict(
            seg_map_path=os.path.join(self.data_prefix['sem_seg'], f'{photo}.png'),
            instance_map_path=os.path.join(self.data_prefix['instance'], f'{photo}.png'),
        )
        return {key: path for key, path in paths.items() if os.path.isfile(path)}

    @classmethod
    def describe_sources(cls, settings: Mapping[str, Any]) -> list[DataSource]:
        """Return splits, tags and points, and the folders with those files that the splits name."""
        try:
            lines = read_split_lines(cls.find_split_files(settings))
        except (OSError, ValueError):
            lines = []
        # a name with blanks, or followed by a mask or a number
        names = {name for line in lines for name in (line, line.rsplit(None, 1)[0], line.split()[0])}
        stems = frozenset(drop_ending(os.path.basename(name)) for name in names)
        folders = [DataSource(folder, stems) for folder in cls.name_folders(settings).values()]
        return super().describe_sources(settings) + folders

    def name_tags(self, photo: str) -> str:
        """Return the tags file, or the XML file of a photo."""
        return self.tags_file or os.path.join(self.data_prefix['ann'], f'{photo}.xml')

    def _read_xml(self, photo: str) -> list[str]:
        path = self.name_tags(photo)
        try:
            return read_xml_tags(path)
        except FileNotFoundError:
            if self.mode == 'predict':
                return []
            raise FileNotFoundError(
                f'{path} does not exist: photo {photo} has no tags; write it, or give all tags in one tags_file'
            ) from None


class PhotoFolder:
    """The photos of one folder, found by lines of a split file (one listing instead of a look-up a photo).

    Args:
        path: The folder.

    Raises:
        FileNotFoundError: If it does not exist.
    """

    def __init__(self, path: str) -> None:
        if not os.path.isdir(path):
            raise FileNotFoundError(f'Photo folder {path} does not exist; set data_root (and data_prefix.img_path)')
        self.path = path
        self.parts = os.path.abspath(path).split(os.sep)
        self.names = [name for name in sorted(os.listdir(path)) if is_photo_name(name)]
        self._exact = set(self.names)
        self._by_stem: dict[str, list[str]] = {}
        for name in self.names:
            self._by_stem.setdefault(drop_ending(name), []).append(name)

    def find(self, line: str) -> str:
        """Return the file that a line names; a name that no file has if there is none.

        Raises:
            ValueError: If a name without ending fits several files.
        """
        without_column = re.sub(r'\s+(?:1|0|-1)$', '', line)
        candidates = [self._drop_folder(text) for text in (line, without_column, line.split()[0])]
        for candidate in filter(None, candidates):
            if name := self._look_up(candidate):
                return name
        return os.path.basename(without_column) or without_column

    def _drop_folder(self, text: str) -> str | None:
        """Return the file name of a path; None if its folder is not this one."""
        *folders, name = text.strip('/').split('/')
        folders = [folder for folder in folders if folder != '.']
        return name if not folders or folders == self.parts[-len(folders) :] else None

    def _look_up(self, name: str) -> str | None:
        if name in self._exact:
            return name
        stem, ending = drop_ending(name), name[len(drop_ending(name)) :].lower()
        found = [file for file in self._by_stem.get(stem, ()) if not ending or file[len(stem) :].lower() == ending]
        if len(found) > 1:
            raise ValueError(
                f'{self.path}: {name} may be {" or ".join(found)}: write the ending in the split file, or remove one'
            )
        return found[0] if found else None


def list_photos(folder: str) -> dict[str, str]:
    """Return ``{stem: path}`` of the photos of a folder, the first of those that share a stem.

    Raises:
        FileNotFoundError: If the folder does not exist.
    """
    photos: dict[str, str] = {}
    for name in PhotoFolder(folder).names:
        photos.setdefault(drop_ending(name), os.path.join(folder, name))
    return photos
