"""Checking a COCO json of pseudo instances before a detector is trained on it."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..structures import read_json, report_damaged
from ..structures.class_lists import describe_difference
from .dataset_settings import innermost_dataset

COCO_DATASETS = ('CocoDataset', 'mmdet.CocoDataset')


def check_pseudo_instances(dataset: Mapping[str, Any]) -> None:
    """Check that the json of a ``CocoDataset`` holds instances to train on, of the class list of the data set.

    mmdet leaves out photos without instances, and categories that the class list does not name, without a word; where
    nothing is left it stops with numpy's ``need at least one array to concatenate``.

    Args:
        dataset: Config of the data set, maybe inside wrappers; others than ``CocoDataset`` are not looked at.

    Raises:
        FileNotFoundError: If the json does not exist.
        ValueError: If it is none, of another class list, or no instance (of a photo that is large enough) is left.
    """
    dataset = innermost_dataset(dataset)
    if dataset.get('type') not in COCO_DATASETS:
        return
    path = Path(os.path.join(dataset.get('data_root') or '', dataset.get('ann_file') or ''))
    if not path.is_file():
        raise FileNotFoundError(
            f'{path} does not exist: make the pseudo instances first, or set train_dataloader.dataset.ann_file'
        )
    content = read_json(path)
    if not isinstance(content, dict) or not all(
        isinstance(content.get(key), list) for key in ('images', 'annotations', 'categories')
    ):
        raise ValueError(f'{path}: a COCO json with images, annotations and categories is needed')
    filter_cfg = dataset.get('filter_cfg') or {}
    with report_damaged(path, 'make the pseudo instances again'):
        if classes := (dataset.get('metainfo') or {}).get('classes'):
            check_categories(path, content['categories'], classes)
        min_size = filter_cfg.get('min_size', 0) if filter_cfg.get('filter_empty_gt') else None
        check_instances_left(path, content, min_size)


def check_categories(path: Path, categories: Sequence[Mapping[str, Any]], classes: Sequence[str]) -> None:
    """Check that the categories of a COCO json are those of the class list.

    A json of more categories (COCO itself) is fine, as long as each class is among them.

    Raises:
        ValueError: If a class is missing there; the message names the first difference.
    """
    names = [category.get('name') for category in categories]
    if not set(classes) <= set(names):
        raise ValueError(
            f'{path} was made for {describe_difference(names, classes)}; make the pseudo instances again with this '
            'class list'
        )


def check_instances_left(path: Path, content: Mapping[str, Any], min_size: int | None) -> None:
    """Check that a COCO json holds an instance that mmdet's ``CocoDataset`` keeps.

    Args:
        path: Its file, for messages.
        content: The json.
        min_size: Photos of a shorter side are left out; None where photos without instances are kept too.

    Raises:
        ValueError: If there is none.
    """
    if min_size is None:
        return
    kept = [entry for entry in content['annotations'] if entry['area'] > 0 and min(entry['bbox'][2:]) >= 1]
    owners = {entry['image_id'] for entry in kept}
    if not owners:
        raise ValueError(
            f'{path}: no pseudo instance is left to train on in {len(content["images"])} photos: lower the threshold '
            'of the stage that made them (its background or score threshold, or min_score of InstanceWriter), or train '
            'that stage longer'
        )
    sides = [min(image['width'], image['height']) for image in content['images'] if image['id'] in owners]
    if max(sides, default=0) < min_size:
        raise ValueError(
            f'{path}: all {len(owners)} photos with pseudo instances are less than {min_size} px wide or high, so none '
            'is left to train on: lower train_dataloader.dataset.filter_cfg.min_size, or take larger photos'
        )
