"""Photos with tags in PASCAL VOC layout; masks are known for evaluation only."""

import logging
import os
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Container, Mapping, Sequence
from pathlib import Path

from mmengine.dataset import BaseDataset
from mmengine.logging import print_log
from mmengine.registry import DATASETS
from PIL import Image

from ..structures import PseudoLabelStore
from ..structures.point_file import Point, check_point_tags, read_points
from .tags_file import PHOTO_ENDINGS, photo_stem, read_tags_file

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

# Where things lie below the data root if nothing else is said.
DEFAULT_SPLIT = 'ImageSets/Segmentation/train.txt'
DEFAULT_FOLDERS = dict(
    img_path='JPEGImages', ann='Annotations', sem_seg='SegmentationClass', instance='SegmentationObject'
)

# Artifacts of earlier stages that a data set can name, each one a store.
STORE_KEYS = ('cams', 'inter_pixel_labels', 'semantic_masks')


def list_split_files(ann_file: str | Sequence[str]) -> list[str]:
    """Return the split files that `ann_file` names: one, several with commas between, or a list."""
    files = ann_file.split(',') if isinstance(ann_file, str) else ann_file
    return [file.strip() for file in files if file.strip()]


def voc_palette(count: int) -> list[tuple[int, int, int]]:
    """Return the first colours (RGB) of the PASCAL VOC colour map after background."""
    colors = []
    for index in range(1, count + 1):
        color = [0, 0, 0]
        for bit in range(8):
            for channel in range(3):
                color[channel] |= ((index >> (3 * bit + channel)) & 1) << (7 - bit)
        colors.append(tuple(color))
    return colors


@DATASETS.register_module()
class VOCTagDataset(BaseDataset):
    """Photos and their tags in any VOC layout, for every class list.

    Tags are the distinct object names of ``Annotations/<photo>.xml``, or come from a tags file. Mask files are named in
    the data info only with ``with_masks=True``; weak training leaves it off, so that no transform can open one.

    Each item holds ``img_path``, ``img_id`` (the file stem), ``tags`` (sorted 0-based class ids), ``num_classes`` and,
    where given, ``cam_dir``, ``inter_pixel_label_dir``, ``semantic_mask_dir``, ``saliency_path``, ``seg_map_path`` and
    ``instance_map_path``.

    Args:
        ann_file: A split file (one photo a line), or several (a list, or separated by commas); relative to
            ``data_root``. Photos named twice count once; names may end in ``.jpg`` and the like and hold blanks, and
            VOC's second column (1, 0 or -1) is left out.
        data_prefix: Folders: ``img_path``, ``ann`` (XML), ``sem_seg``, ``instance`` (masks), ``saliency`` (maps of any
            saliency model, ``<photo>.png``), all relative to ``data_root``; ``cams``, ``inter_pixel_labels`` and
            ``semantic_masks`` (stores) relative to the working directory.
        tags_file: Tags of all photos in one file instead of XML: JSON ``{photo: [names]}`` or text lines
            ``photo name name ...``; relative to ``data_root``. ``'none'`` means no such file: a config cannot give an
            environment variable an empty default.
        points_file: Points of objects (:mod:`projects.wsis.structures.point_file`), relative to the working directory.
        with_masks: Whether to name the mask files for evaluation; photos without masks stay without.
        mode: ``'pseudo_label'`` or ``'predict'``, where the data set and not the model says whether tags may be used.
            With ``'predict'`` a photo without XML file has no tags; else it is an error.
        ignore_unknown_classes: Whether object names that are not in the class list are left out; else they are an
            error.
        on_bad_photo: What to do with missing or truncated photos: ``'skip'`` with a counted warning, or ``'error'``.
        filter_cfg: ``dict(filter_empty_tags=True)`` leaves out photos without a tag.

    Raises:
        FileNotFoundError: If a split file, a tags file, a saliency map or (``on_bad_photo='error'``) a photo is
            missing.
        ValueError: If a class name is unknown or no photo is left.
    """

    METAINFO = dict(classes=VOC_CLASSES, palette=voc_palette(len(VOC_CLASSES)))

    def __init__(
        self,
        ann_file: str | Sequence[str] = DEFAULT_SPLIT,
        data_root: str = '',
        data_prefix: dict | None = None,
        tags_file: str | None = None,
        points_file: str | None = None,
        with_masks: bool = False,
        mode: str | None = None,
        ignore_unknown_classes: bool = False,
        on_bad_photo: str = 'skip',
        **kwargs,
    ) -> None:
        if on_bad_photo not in ('skip', 'error'):
            raise ValueError(f"on_bad_photo is 'skip' or 'error', not {on_bad_photo!r}")
        prefix = {**DEFAULT_FOLDERS, **(data_prefix or {})}
        self.store_dirs = {key: prefix.pop(key) for key in STORE_KEYS if key in prefix}
        self.split_files = list_split_files(ann_file)
        self.tags_file = None if tags_file == 'none' else tags_file
        self.points_file = points_file
        self.with_masks = with_masks
        self.mode = mode
        self.ignore_unknown_classes = ignore_unknown_classes
        self.on_bad_photo = on_bad_photo
        super().__init__(ann_file='', data_root=data_root, data_prefix=prefix, **kwargs)

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        merged = super()._load_metainfo(metainfo)
        if len(merged['palette']) < len(merged['classes']):
            merged['palette'] = voc_palette(len(merged['classes']))
        return merged

    def full_init(self) -> None:
        """Load the data list, after checking that the stores fit the class list."""
        for artifact, folder in self.store_dirs.items():
            PseudoLabelStore(folder, artifact, suffix='').check_readable(self.metainfo['classes'])
        super().full_init()

    def _join_prefix(self) -> None:
        super()._join_prefix()
        self.split_files = [os.path.join(self.data_root, file) for file in self.split_files]
        if self.tags_file:
            self.tags_file = os.path.join(self.data_root, self.tags_file)

    def load_data_list(self) -> list[dict]:
        """Read splits and tags; photos keep the order of the splits."""
        lines = self._read_splits()
        files = list_photos(self.data_prefix['img_path'])
        photos = list(dict.fromkeys(_name_photo(line, files) for line in lines))
        bad = [photo for photo in photos if photo not in files or _is_truncated(files[photo])]
        if bad:
            self._report_bad_photos(bad, len(photos))
        skipped = set(bad)
        class_ids = {name: index for index, name in enumerate(self.metainfo['classes'])}
        tags_by_photo = read_tags_file(self.tags_file) if self.tags_file else None
        points = read_points(self.points_file, self.metainfo['classes']) if self.points_file else None
        data_list = []
        for photo in photos:
            if photo in skipped:
                continue
            names = self._read_tags(photo, tags_by_photo)
            tags = self._to_ids(names, class_ids, photo)
            info = dict(img_path=files[photo], img_id=photo, tags=tags, num_classes=len(class_ids))
            if self.mode:
                info['mode'] = self.mode
            if points is not None:
                info.update(points=points.get(photo, []), classes=self.metainfo['classes'])
            data_list.append({**info, **self._name_stores(), **self._name_masks(photo)})
        self._warn_without_tags(data_list)
        if points is not None:
            self._check_given_points(points, data_list)
        return data_list

    def _check_given_points(self, points: Mapping[str, Sequence[Point]], data_list: list[dict]) -> None:
        if not points:
            raise ValueError(f'{self.points_file} has no point')
        for info in data_list:
            check_point_tags(info['points'], info['img_id'], info['tags'], self.metainfo['classes'])
        if unknown := sorted(set(points) - {info['img_id'] for info in data_list}):
            text = f'{len(unknown)} of {len(points)} photos of {self.points_file} are not in the data set'
            print_log(f'{text} (first: {unknown[0]})', 'current')
        without = [info['img_id'] for info in data_list if not info['points']]
        if len(without) == len(data_list):
            raise ValueError(
                f'{self.points_file} has no point of any of the {len(data_list)} photos (first: {without[0]}): '
                'photos are named without file ending'
            )
        if without:
            print_log(f'{len(without)} of {len(data_list)} photos have no point in {self.points_file}', 'current')

    def filter_data(self) -> list[dict]:
        """Leave out photos without a tag, if asked."""
        kept = self.data_list
        if (self.filter_cfg or {}).get('filter_empty_tags', False):
            kept = [info for info in self.data_list if info['tags']]
            if not kept:
                raise ValueError(
                    f'{", ".join(self.split_files)}: no photo has a tag; check the annotations and class list'
                )
        self._name_saliency(kept)
        return kept

    def _read_splits(self) -> list[str]:
        lines: list[str] = []
        for file in self.split_files:
            if not os.path.isfile(file):
                raise FileNotFoundError(
                    f'Split file {file} does not exist; set ann_file (and data_root) to a list of '
                    'photo names, one a line'
                )
            with open(file, encoding='utf-8-sig') as split:
                lines.extend(line.strip() for line in split if line.strip())
        if not lines:
            raise ValueError(f'{", ".join(self.split_files)} names no photo')
        return lines

    def _report_bad_photos(self, bad: list[str], total: int) -> None:
        text = (
            f'{len(bad)} of {total} photos are missing or truncated in {self.data_prefix["img_path"]} '
            f'(first: {", ".join(bad[:3])})'
        )
        if self.on_bad_photo == 'error' or len(bad) == total:
            raise FileNotFoundError(f"{text}; restore them, or set on_bad_photo='skip' if others are left")
        print_log(f'{text}; they are left out', 'current', logging.WARNING)

    def _read_tags(self, photo: str, tags_by_photo: dict[str, list[str]] | None) -> list[str]:
        if tags_by_photo is not None:
            return tags_by_photo.get(photo, [])
        path = os.path.join(self.data_prefix['ann'], f'{photo}.xml')
        try:
            return [obj.findtext('name', '').strip() for obj in ElementTree.parse(path).getroot().iter('object')]
        except FileNotFoundError:
            if self.mode == 'predict':
                return []
            raise FileNotFoundError(
                f'{path} does not exist: photo {photo} has no tags; write it, or give all tags in one tags_file'
            ) from None
        except ElementTree.ParseError as error:
            raise ValueError(f'{path} is not valid XML ({error})') from None

    def _to_ids(self, names: Sequence[str], class_ids: dict[str, int], photo: str) -> list[int]:
        unknown = sorted({name for name in names if name not in class_ids})
        if unknown and not self.ignore_unknown_classes:
            raise ValueError(
                f'Photo {photo}: class {unknown[0]!r} is not in the class list '
                f'({", ".join(class_ids)}); add it to metainfo, or set ignore_unknown_classes=True'
            )
        return sorted({class_ids[name] for name in names if name in class_ids})

    def _name_stores(self) -> dict[str, str]:
        return {f'{key.removesuffix("s")}_dir': path for key, path in self.store_dirs.items()}

    def _name_saliency(self, data_list: list[dict]) -> None:
        """Add ``saliency_path`` to all photos; what is missing is told at once, not one by one in the run."""
        folder = self.data_prefix.get('saliency')
        if not folder:
            return
        if not os.path.isdir(folder):
            raise FileNotFoundError(
                f'Saliency folder {folder} does not exist: make the maps with '
                'tools/dataset_converters/make_saliency.py, or name your own folder (data_prefix.saliency)'
            )
        files = {Path(name).stem: name for name in os.listdir(folder) if name.endswith('.png') and name[0] != '.'}
        missing = [info['img_id'] for info in data_list if info['img_id'] not in files]
        if missing:
            raise FileNotFoundError(
                f'{len(missing)} of {len(data_list)} photos have no saliency map <photo>.png in {folder} '
                f'(make them, or name another folder by data_prefix.saliency): {", ".join(missing[:50])}'
                + (f' and {len(missing) - 50} more' if len(missing) > 50 else '')
            )
        for info in data_list:
            info['saliency_path'] = os.path.join(folder, files[info['img_id']])

    def _name_masks(self, photo: str) -> dict[str, str]:
        if not self.with_masks:
            return {}
        paths = dict(
            seg_map_path=os.path.join(self.data_prefix['sem_seg'], f'{photo}.png'),
            instance_map_path=os.path.join(self.data_prefix['instance'], f'{photo}.png'),
        )
        return {key: path for key, path in paths.items() if os.path.isfile(path)}

    def _warn_without_tags(self, data_list: list[dict]) -> None:
        empty = [info['img_id'] for info in data_list if not info['tags']]
        if empty:
            print_log(
                f'{len(empty)} of {len(data_list)} photos have no tag (first: {", ".join(empty[:3])})',
                'current',
                logging.WARNING,
            )


def list_photos(folder: str) -> dict[str, str]:
    """Return ``{stem: path}`` of the photos of a folder (one listing instead of a look-up a photo)."""
    if not os.path.isdir(folder):
        raise FileNotFoundError(f'Photo folder {folder} does not exist; set data_root (and data_prefix.img_path)')
    return {
        Path(name).stem: os.path.join(folder, name)
        for name in sorted(os.listdir(folder))
        if name.lower().endswith(PHOTO_ENDINGS)
    }


def _name_photo(line: str, files: Container[str]) -> str:
    """Return the photo that a line of a split file names: its stem, which may hold blanks."""
    without_column = re.sub(r'\s+(?:1|0|-1)$', '', line)
    candidates = [photo_stem(line), photo_stem(without_column), photo_stem(line.split()[0])]
    return next((photo for photo in candidates if photo in files), candidates[1])


def _is_truncated(path: str) -> bool:
    """Whether a photo file is empty, or a JPEG or PNG that lacks its end mark and cannot be decoded to its end.

    Only the last bytes are read, except where the mark is missing there: cameras append films and maps to photos, and
    files may bear the wrong ending.
    """
    end_mark = {'.jpg': b'\xff\xd9', '.jpeg': b'\xff\xd9', '.png': b'IEND'}.get(Path(path).suffix.lower(), b'')
    with open(path, 'rb') as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1024))
        if size and end_mark in file.read():
            return False
    try:
        with Image.open(path) as photo:
            photo.load()
    except (OSError, SyntaxError):  # PIL's PNG reader raises SyntaxError for some damages
        return True
    return False
