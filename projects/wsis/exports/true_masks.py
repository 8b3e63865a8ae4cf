"""The true masks of any data set of photos with tags as a COCO json of instances."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.registry import DATASETS
from pycocotools import mask as coco_mask
from tqdm import tqdm

from ..apis.configs import find_config
from ..apis.data_choice import check_data_file
from ..datasets.transforms import LoadEvaluationMasks
from ..structures.photo_file import probe_photo

#: By the name of a split: where the file of a data set describes it.
SPLITS = {'train': 'label_dataset', 'val': 'val_dataset'}


def read_split(path: str | Path, split: str) -> dict[str, Any]:
    """Return what the file of a data set says of one of its splits.

    Args:
        path: The file, as in configs/_base_/datasets.
        split: A key of ``SPLITS``.

    Raises:
        FileNotFoundError: If there is no such file; one line.
        ValueError: If it describes no data set, or one without this split; one line.
    """
    settings = check_data_file(find_config(path)).get(SPLITS[split])
    if not settings:
        others = ', '.join(name for name in SPLITS if name != split)
        raise ValueError(
            f'data set {path} has no split {split} ({SPLITS[split]} is empty): take --split {others}, or set '
            f'{SPLITS[split]} in this file; tools/label_photos.py writes one with --val FILE'
        )
    return settings


def masks_to_coco(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a COCO json of the true instances of a data set, as ``CocoTagDataset`` reads it.

    Args:
        settings: What a config says of a data set (``type`` and its arguments).

    Returns:
        ``images`` (all photos), ``annotations`` (RLE; ids from 1) and ``categories`` (ids from 1).

    Raises:
        ValueError: If no photo has masks, or those of a photo cannot be read; one line.
    """
    dataset = DATASETS.build(dict(settings, with_masks=True, pipeline=[]))
    load = LoadEvaluationMasks()
    images, annotations, with_masks = [], [], 0
    for index in tqdm(range(len(dataset)), desc='masks', unit='photo', leave=False, disable=None):
        info = dataset.get_data_info(index)
        height, width = probe_photo(info['img_path']).shape
        info = load(dict(info, ori_shape=(height, width)))
        images.append(dict(id=index, file_name=info['file_name'], height=height, width=width))
        instances = info.get('instances')
        with_masks += instances is not None
        for instance in instances or ():
            annotations.append(_describe_instance(instance, index, len(annotations) + 1))
    if not with_masks:
        raise ValueError(f'No photo of {dataset.describe_split()} has masks in {dataset.describe_masks()}')
    categories = [dict(id=label, name=name) for label, name in enumerate(dataset.metainfo['classes'], 1)]
    return dict(images=images, annotations=annotations, categories=categories)


def _describe_instance(instance: Mapping[str, Any], image: int, number: int) -> dict[str, Any]:
    counts = instance['mask']['counts']
    rle = dict(size=list(instance['mask']['size']), counts=counts.decode() if isinstance(counts, bytes) else counts)
    return dict(
        id=number,
        image_id=image,
        category_id=instance['bbox_label'] + 1,
        segmentation=rle,
        area=float(coco_mask.area(rle)),
        bbox=[float(value) for value in coco_mask.toBbox(rle)],
        iscrowd=0,
    )
