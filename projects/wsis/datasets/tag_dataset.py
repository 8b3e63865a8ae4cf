"""Photos with tags in any folder layout: the base of all data sets of weak training."""

import logging
import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mmengine.dataset import BaseDataset
from mmengine.logging import print_log
from mmengine.registry import DATASETS

from ..structures import PseudoLabelStore
from ..structures.index_png import voc_palette
from ..structures.point_file import Point, read_points
from .class_list import check_classes, load_classes
from .data_sources import DataSource
from .given_points import check_given_points
from .maps_of_photos import MapFolder, name_saliency
from .photo_checks import ON_BAD_PHOTO, find_bad_photos, report_bad_photos
from .splits import list_split_files, read_split_lines

LOAD_IMAGE = dict(type='LoadImageFromFile')


class TagDataset(BaseDataset):
    """Photos and their tags; masks are known for evaluation only.

    A format is a subclass with three small methods, :meth:`list_photos`, :meth:`read_photo_tags` and
    :meth:`name_masks`, and :meth:`describe_sources`; ``default_folders`` names its folders.

    Each item holds ``img_path``, ``img_id`` (which tells it from all others in every store), ``file_name`` (the path
    below the photo folder), ``tags`` (sorted 0-based class ids), ``num_classes`` and, where given, ``mode``,
    ``points``, ``saliency_path``, a ``<name>_dir`` for each store (``cams`` gives ``cam_dir``) and what
    :meth:`name_masks` adds. Masks are named only with ``with_masks=True``; weak training leaves it off, so that no
    transform can open one.

    A photo without a tag shows none of the classes: it is a negative for the classifier. With
    ``filter_cfg=dict(filter_empty_tags=True)`` such photos are left out, as is right where they are merely untagged.

    Args:
        ann_file: Files that name the photos, one per line: one file, several (a list, or separated by commas), relative
            to ``data_root``.
        data_root: The folder that the other paths begin at.
        data_prefix: Folders of the format (``default_folders``) and ``saliency`` (maps of any saliency model,
            ``<photo>.png``), relative to ``data_root``. Any other key is an artifact of an earlier stage, a store of
            this name, relative to the working directory: ``cams``, ``inter_pixel_labels``, ``semantic_masks`` ...
        tags_file: Tags of all photos (see :func:`projects.wsis.datasets.tags.read_tags`), relative to ``data_root``.
        points_file: Points of objects (:mod:`projects.wsis.structures.point_file`), relative to the working directory.
        with_masks: Whether to name the masks for evaluation; photos without masks stay without.
        mode: ``'pseudo_label'`` or ``'predict'``, where the data set and not the model says whether tags may be used.
        ignore_unknown_classes: Whether tags that are not in the class list are left out; else they are an error.
        on_bad_photo: What to do with missing or damaged photos: ``'skip'`` with a counted warning, or ``'error'``.
        pipeline: As of mmengine's ``BaseDataset``. ``LoadImageFromFile``, the name that the inferencers of mmdet and
            mmseg look for, opens photos as ``LoadPhoto`` does.
        kwargs: As of mmengine's ``BaseDataset``; ``metainfo=dict(classes=...)`` is the class list (or a file of it).

    Raises:
        FileNotFoundError: If a file or folder that is named is missing.
        ValueError: If the class list is wrong, a tag is unknown or no photo is left.
    """

    #: Folders of the format by their keys in ``data_prefix``, and where they are by default (None: nowhere).
    default_folders: ClassVar[dict[str, str | None]] = {}
    #: Which of them hold masks, so that they count only where masks are read.
    mask_folders: ClassVar[tuple[str, ...]] = ('sem_seg', 'instance')
    default_ann_file: ClassVar[str] = ''
    #: Settings about photos, tags and masks, not about their use in a stage.
    photo_settings: ClassVar[tuple[str, ...]] = (
        'ann_file',
        'data_root',
        'metainfo',
        'tags_file',
        'ignore_unknown_classes',
        'on_bad_photo',
    )

    def __init__(
        self,
        ann_file: str | Sequence[str] | None = None,
        data_root: str = '',
        data_prefix: dict | None = None,
        tags_file: str | None = None,
        points_file: str | None = None,
        with_masks: bool = False,
        mode: str | None = None,
        ignore_unknown_classes: bool = False,
        on_bad_photo: str = 'skip',
        pipeline: Sequence[Any] = (),
        **kwargs,
    ) -> None:
        if on_bad_photo not in ON_BAD_PHOTO:
            raise ValueError(f"on_bad_photo is 'skip' or 'error', not {on_bad_photo!r}")
        folders, self.store_dirs = self.split_prefix(data_prefix)
        self.split_files = list_split_files(self.default_ann_file if ann_file is None else ann_file, data_root)
        self.tags_file = tags_file
        self.points_file = points_file
        self.with_masks = with_masks
        self.mode = mode
        self.ignore_unknown_classes = ignore_unknown_classes
        self.on_bad_photo = on_bad_photo
        steps = [dict(type='LoadPhoto') if step == LOAD_IMAGE else step for step in pipeline]
        super().__init__(ann_file='', data_root=data_root, data_prefix=folders, pipeline=steps, **kwargs)

    @abstractmethod
    def list_photos(self) -> dict[str, str]:
        """Return the path of each photo of the splits by its id, in their order; the file need not be there."""

    @abstractmethod
    def read_photo_tags(self, photos: Mapping[str, str]) -> dict[str, list[str]]:
        """Return the tags of photos (path by id); a photo that is left out has none."""

    @abstractmethod
    def name_masks(self, photo: str) -> dict[str, Any]:
        """Return ``seg_map_path``, ``instance_map_path`` or ``mask_annotations`` of a photo, as far as it has them."""

    @classmethod
    def describe_sources(cls, settings: Mapping[str, Any]) -> list[DataSource]:
        """Return the files and folders that a data set of these settings reads, without loading it.

        Stores are not among them: other stages make them. A format adds its own.
        """
        root = settings.get('data_root') or ''
        files = cls.find_split_files(settings)
        tags_file = settings.get('tags_file')
        files += [os.path.join(root, tags_file)] if tags_file else []
        sources = [DataSource(file) for file in files]
        classes = (settings.get('metainfo') or {}).get('classes')
        named = [settings.get('points_file'), classes if isinstance(classes, str) else None]
        return sources + [DataSource(file) for file in named if file]

    @classmethod
    def find_split_files(cls, settings: Mapping[str, Any]) -> list[str]:
        """Return the split files that a data set of these settings reads."""
        ann_file = settings.get('ann_file')
        return list_split_files(cls.default_ann_file if ann_file is None else ann_file, settings.get('data_root'))

    @classmethod
    def read_split(cls, file: str) -> list[str]:
        """Return what a split file names, in its order, doubled lines included."""
        return read_split_lines([file])

    @classmethod
    def name_folders(cls, settings: Mapping[str, Any]) -> dict[str, str]:
        """Return the folders by key that a data set of these settings reads; of masks only with ``with_masks``."""
        root = settings.get('data_root') or ''
        folders = cls.split_prefix(settings.get('data_prefix'))[0]
        return {
            key: os.path.join(root, folder)
            for key, folder in folders.items()
            if folder is not None and (settings.get('with_masks') or key not in cls.mask_folders)
        }

    @classmethod
    def keep_photo_settings(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings for the same photos, tags and masks without what stages make of them."""
        kept = {name: settings[name] for name in cls.photo_settings if name in settings}
        prefix = settings.get('data_prefix') or {}
        return {**kept, 'data_prefix': {key: path for key, path in prefix.items() if key in cls.default_folders}}

    @classmethod
    def split_prefix(cls, data_prefix: Mapping[str, str | None] | None) -> tuple[dict[str, Any], dict[str, str]]:
        """Part ``data_prefix`` into folders of the format (with their defaults) and stores of earlier stages."""
        given = {key: path for key, path in (data_prefix or {}).items() if path is not None}
        own = {key: given.pop(key) for key in (*cls.default_folders, 'saliency') if key in given}
        return {**cls.default_folders, **own}, given

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        if metainfo and 'classes' in metainfo:
            metainfo = {**metainfo, 'classes': load_classes(metainfo['classes'])}
        merged = super()._load_metainfo(metainfo)
        check_classes(merged.get('classes') or ())
        if len(merged.get('palette') or ()) < len(merged['classes']):
            merged['palette'] = voc_palette(len(merged['classes']))
        return merged

    def full_init(self) -> None:
        """Load the data list, after checking that the stores fit the class list."""
        for artifact, folder in self.store_dirs.items():
            PseudoLabelStore(folder, artifact, suffix='').check_readable(self.metainfo['classes'])
        super().full_init()

    def _join_prefix(self) -> None:
        # not mmengine's, which takes a path with `://` in a folder for a URL
        self.data_prefix = {
            key: os.path.join(self.data_root or '', folder)
            for key, folder in self.data_prefix.items()
            if folder is not None
        }
        if self.tags_file:
            self.tags_file = os.path.join(self.data_root or '', self.tags_file)

    def load_data_list(self) -> list[dict]:
        """List the photos and read their tags; photos keep the order of the splits."""
        photos = self._leave_out_bad(self.list_photos())
        classes = self.metainfo['classes']
        class_ids = {name: index for index, name in enumerate(classes)}
        names = self.read_photo_tags(photos)
        points = read_points(self.points_file, classes) if self.points_file else None
        stores = {f'{key.removesuffix("s")}_dir': path for key, path in self.store_dirs.items()}
        data_list = [
            dict(
                img_path=path,
                img_id=photo,
                file_name=self.name_file(photo, path),
                tags=self._to_ids(names.get(photo, ()), class_ids, photo),
                num_classes=len(classes),
                **(dict(mode=self.mode) if self.mode else {}),
                **(dict(points=points.get(photo, []), classes=classes) if points is not None else {}),
                **stores,
                **(self.name_masks(photo) if self.with_masks else {}),
            )
            for photo, path in photos.items()
        ]
        self._count_tags(data_list, points)
        return data_list

    def name_file(self, photo: str, path: str) -> str:
        """Return the path of a photo below the photo folder, as COCO files name it."""
        return os.path.relpath(path, self.data_prefix.get('img_path') or self.data_root or '.').replace(os.sep, '/')

    def filter_data(self) -> list[dict]:
        """Leave out photos without a tag, if asked."""
        kept = self.data_list
        if (self.filter_cfg or {}).get('filter_empty_tags', False):
            kept = [info for info in self.data_list if info['tags']]
            if not kept:
                raise ValueError(f'{self.describe_split()}: no photo has a tag; check the annotations and class list')
        if folder := self.data_prefix.get('saliency'):
            name_saliency(kept, MapFolder(folder, self.find_shared_stems(kept)))
        return kept

    def describe_split(self) -> str:
        """Return what names the photos, for messages."""
        return ', '.join(self.split_files) or self.data_root

    def name_tags(self, photo: str) -> str:
        """Return the file that the tags of a photo come from, for messages."""
        return self.tags_file or self.describe_split()

    def describe_masks(self) -> str:
        """Return where the masks are, for messages."""
        return (
            ' and '.join(str(self.data_prefix[key]) for key in self.mask_folders if key in self.data_prefix) or 'none'
        )

    def find_shared_stems(self, data_list: Sequence[dict]) -> frozenset[str]:
        """Return ids without ending that several photos share; ids of a format that leave endings out share none."""
        return frozenset()

    def _leave_out_bad(self, photos: dict[str, str]) -> dict[str, str]:
        if bad := find_bad_photos(photos):
            report_bad_photos(bad, len(photos), self.data_prefix.get('img_path') or self.data_root, self.on_bad_photo)
        return {photo: path for photo, path in photos.items() if photo not in bad}

    def _to_ids(self, names: Sequence[str], class_ids: Mapping[str, int], photo: str) -> list[int]:
        unknown = sorted({name for name in names if name not in class_ids})
        if unknown and not self.ignore_unknown_classes:
            raise ValueError(
                f'Photo {photo}: class {unknown[0]!r} is not in the class list ({", ".join(class_ids)}); add it to '
                f'metainfo, or set ignore_unknown_classes=True, or correct it in {self.name_tags(photo)}'
            )
        return sorted({class_ids[name] for name in names if name in class_ids})

    def _count_tags(self, data_list: list[dict], points: Mapping[str, Sequence[Point]] | None) -> None:
        empty = [info['img_id'] for info in data_list if not info['tags']]
        if empty:
            print_log(
                f'{len(empty)} of {len(data_list)} photos have no tag (first: {", ".join(empty[:3])})',
                'current',
                logging.WARNING,
            )
        if points is not None:
            check_given_points(points, data_list, self.metainfo['classes'], self.points_file)


def find_tag_dataset(settings: Any) -> type[TagDataset] | None:
    """Return the class of the tag data set that settings name; None if they name none.

    Only the root registry is asked, where all of them are: to look for others would import their libraries.

    Args:
        settings: What a config says of a data set: its ``type`` (a name or a class) and its arguments.
    """
    kind = settings.get('type') if isinstance(settings, Mapping) else None
    kind = DATASETS.module_dict.get(kind) if isinstance(kind, str) else kind
    return kind if isinstance(kind, type) and issubclass(kind, TagDataset) else None
