"""Photos with tags of a COCO json of instances."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mmengine.registry import DATASETS

from ..structures.coco_json import report_broken_coco
from ..structures.index_png import voc_palette
from ..structures.photo_names import check_photo_name
from ..structures.text_file import read_given_json
from .coco_instances import read_coco_instances
from .data_sources import DataSource
from .photos import find_shared_stems
from .tag_dataset import TagDataset

#: COCO's 80 classes by their category ids, which have holes: 10 of the 90 ids that were planned were never annotated.
COCO_CATEGORIES = {
    1: 'person', 2: 'bicycle', 3: 'car', 4: 'motorcycle', 5: 'airplane', 6: 'bus', 7: 'train', 8: 'truck', 9: 'boat',
    10: 'traffic light', 11: 'fire hydrant', 13: 'stop sign', 14: 'parking meter', 15: 'bench', 16: 'bird', 17: 'cat',
    18: 'dog', 19: 'horse', 20: 'sheep', 21: 'cow', 22: 'elephant', 23: 'bear', 24: 'zebra', 25: 'giraffe',
    27: 'backpack', 28: 'umbrella', 31: 'handbag', 32: 'tie', 33: 'suitcase', 34: 'frisbee', 35: 'skis',
    36: 'snowboard', 37: 'sports ball', 38: 'kite', 39: 'baseball bat', 40: 'baseball glove', 41: 'skateboard',
    42: 'surfboard', 43: 'tennis racket', 44: 'bottle', 46: 'wine glass', 47: 'cup', 48: 'fork', 49: 'knife',
    50: 'spoon', 51: 'bowl', 52: 'banana', 53: 'apple', 54: 'sandwich', 55: 'orange', 56: 'broccoli', 57: 'carrot',
    58: 'hot dog', 59: 'pizza', 60: 'donut', 61: 'cake', 62: 'chair', 63: 'couch', 64: 'potted plant', 65: 'bed',
    67: 'dining table', 70: 'toilet', 72: 'tv', 73: 'laptop', 74: 'mouse', 75: 'remote', 76: 'keyboard',
    77: 'cell phone', 78: 'microwave', 79: 'oven', 80: 'toaster', 81: 'sink', 82: 'refrigerator', 84: 'book',
    85: 'clock', 86: 'vase', 87: 'scissors', 88: 'teddy bear', 89: 'hair drier', 90: 'toothbrush',
}  # fmt: skip
COCO_CLASSES = tuple(COCO_CATEGORIES.values())


@DATASETS.register_module()
class CocoTagDataset(TagDataset):
    """Photos of COCO, or of any COCO json of instances, with their tags.

    The json names the photos. A tag is a category with an instance that is no crowd: a crowd region says that there is
    a group whose members are not separated, often tiny and far away; the metrics count nothing in it, and what a
    classifier would learn from it no mask can follow. A photo with crowds alone, or without annotations, is a negative.

    ``img_id`` is the ``file_name`` of the json with its ending. Categories are found by name, whatever their ids; those
    of COCO itself are checked, so that a json of another order is noticed.

    Args:
        ann_file: COCO json of instances, relative to ``data_root``.
        data_root: The folder that the other paths begin at.
        data_prefix: ``img_path`` (folder of the photos), ``saliency``; other keys are stores, see :class:`TagDataset`.
        kwargs: Further arguments of :class:`TagDataset`; without ``metainfo`` the classes are COCO's 80.

    Raises:
        FileNotFoundError: If the json is missing.
        ValueError: As :class:`TagDataset`, and if the json is none of instances.
    """

    METAINFO = dict(classes=COCO_CLASSES, palette=voc_palette(len(COCO_CLASSES)))

    default_ann_file = 'annotations/instances_train2017.json'
    default_folders: ClassVar[dict[str, str | None]] = dict(img_path='train2017')

    def __init__(self, *args, **kwargs) -> None:
        self._tags: dict[str, list[str]] = {}
        self._masks: dict[str, list[dict[str, Any]]] = {}
        super().__init__(*args, **kwargs)
        if self.tags_file:
            raise ValueError('CocoTagDataset reads its tags from ann_file: leave out tags_file, or use PhotoTagDataset')

    def list_photos(self) -> dict[str, str]:
        """Return the path of each photo that the json names."""
        classes = self.metainfo['classes']
        ids = {name: key for key, name in COCO_CATEGORIES.items()} if tuple(classes) == COCO_CLASSES else None
        for file in self.split_files:
            instances = read_coco_instances(file, classes, self.ignore_unknown_classes, ids)
            for name, entries in instances.items():
                check_photo_name(name, file)
                tagged = {classes[entry['bbox_label']]: None for entry in entries if not entry['iscrowd']}
                self._tags.setdefault(name, []).extend(tagged)
                if self.with_masks:
                    self._masks.setdefault(name, []).extend(entry for entry in entries if 'segmentation' in entry)
        return {name: os.path.join(self.data_prefix['img_path'], name) for name in self._tags}

    def read_photo_tags(self, photos: Mapping[str, str]) -> dict[str, list[str]]:
        """Return the tags of photos, which were read with their names."""
        return {photo: self._tags[photo] for photo in photos}

    def name_masks(self, photo: str) -> dict[str, Any]:
        """Return the annotations of a photo that have a mask."""
        return dict(mask_annotations=self._masks[photo])

    def find_shared_stems(self, data_list: Sequence[dict]) -> frozenset[str]:
        """Return names without ending that several photos share."""
        return find_shared_stems(self._tags)

    @classmethod
    def read_split(cls, file: str) -> list[str]:
        """Return the photos that a json names, in its order."""
        content = read_given_json(file)
        with report_broken_coco(file):
            return [str(entry['file_name']) for entry in content['images']]

    @classmethod
    def describe_sources(cls, settings: Mapping[str, Any]) -> list[DataSource]:
        """Return the json, and the folders of photos and of saliency maps."""
        folders = [DataSource(folder) for folder in cls.name_folders(settings).values()]
        return super().describe_sources(settings) + folders
