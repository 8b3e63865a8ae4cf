"""Measuring labels of the photos' own sizes on true masks."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.logging import print_log

from ..datasets.coco_instances import read_coco_masks
from ..datasets.maps_of_photos import MapFolder
from ..datasets.photos import find_shared_stems, name_stems
from ..datasets.transforms import LoadEvaluationMasks
from ..evaluation.functional import PhotoMatches, count_labels, match_photo, score_labels, voc_instance_ap
from ..inspection.parallel import map_jobs, take_turns
from ..structures.masks import read_index_png
from .masks import find_mask_folders
from .working_copy import WorkingCopy

IOU_THRESHOLD = 0.5
MASK_KEYS = dict(sem_seg='seg_map_path', instance='instance_map_path')


@dataclass(frozen=True)
class PhotoMeasure:
    """What is kept of one photo.

    Attributes:
        pixels: (3, C + 1) pixels that agree, labelled and true ones; None where either map is missing.
        matches: Of the instances; None where there are no true ones to compare with.
        fault: Why its true masks cannot be used.
    """

    pixels: np.ndarray | None = None
    matches: PhotoMatches | None = None
    fault: str = ''


def measure_labels(
    instances: Mapping[str, Any],
    semantic_masks: Path,
    true_masks: str | Path,
    copies: Mapping[str, WorkingCopy],
    classes: Sequence[str],
    processes: int | None = None,
) -> dict[str, Any]:
    """Measure finished labels on true masks: those of the photos that have both.

    Photos whose true masks cannot be used are left out, which is counted and logged.

    Args:
        instances: COCO json of the labels; empty where the recipe makes none.
        semantic_masks: Folder of the class maps, see :func:`~projects.wsis.datasets.photos.name_stems`; it need not
            exist.
        true_masks: A COCO json, a folder of class maps (PNG), or one with ``SegmentationClass`` and
            ``SegmentationObject``; other categories of a json are left out.
        copies: What stands for each photo; sizes are those of the photos.
        classes: The class list.
        processes: How many work at once (None: one per core).

    Returns:
        ``photos``: how many were measured. In percent, where they are known: ``mIoU`` (background included, 255 left
        out) and ``AP50`` (VOC's, over the classes with true instances), and ``classes``: by name ``IoU``, ``AP50`` and
        ``true_instances``.
    """
    predicted, stems = _group_instances(instances, classes), name_stems(copies)
    jobs = [
        (
            info,
            (copies[photo].height, copies[photo].width),
            predicted.get(photo),
            semantic_masks / f'{stems[photo]}.png',
            len(classes),
        )
        for photo, info in find_true_masks(true_masks, copies, classes).items()
    ]
    measures = list(map_jobs(_measure_photo, jobs, processes, 'measured'))
    if faults := [measure.fault for measure in measures if measure.fault]:
        text = f'{len(faults)} of {len(jobs)} true masks cannot be used and are left out (first: {faults[0]})'
        print_log(text, 'current', logging.WARNING)
    return _summarize(measures, classes)


def find_true_masks(
    masks: str | Path, photos: Mapping[str, WorkingCopy], classes: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Return what names the true masks of each photo that has some, as ``LoadEvaluationMasks`` takes it."""
    path = Path(masks)
    if path.is_file():
        found = read_coco_masks(path, photos, classes, ignore_unknown_classes=True)
        return {photo: dict(img_path=photo, mask_annotations=annotations) for photo, annotations in found.items()}
    shared = find_shared_stems(photos)
    folders = {MASK_KEYS[key]: MapFolder(str(place), shared) for key, place in find_mask_folders(path).items()}
    infos = {photo: {key: folder.find(photo) for key, folder in folders.items()} for photo in photos}
    return {
        photo: dict(num_classes=len(classes), **{key: found for key, found in info.items() if found})
        for photo, info in infos.items()
        if info.get('seg_map_path')
    }


def _group_instances(instances: Mapping[str, Any], classes: Sequence[str]) -> dict[str, list[dict]]:
    """Return the instances of each photo; a photo without one has an empty list."""
    names = {image['id']: image['file_name'] for image in instances.get('images', ())}
    categories = {entry['id']: classes.index(entry['name']) for entry in instances.get('categories', ())}
    found = defaultdict(list, {name: [] for name in names.values()})
    for entry in instances.get('annotations', ()):
        found[names[entry['image_id']]].append(
            dict(label=categories[entry['category_id']], score=entry['score'], mask=entry['segmentation'])
        )
    return dict(found)


def _measure_photo(job: tuple[dict, tuple[int, int], list[dict] | None, Path, int]) -> PhotoMeasure:
    info, size, instances, semantic_path, num_classes = job
    with take_turns(size[0] * size[1]):
        try:
            true = LoadEvaluationMasks()({**info, 'ori_shape': size})
        except ValueError as error:
            return PhotoMeasure(fault=str(error))
        pixels = None
        if semantic_path.is_file():
            labels, truth = map(torch.from_numpy, (read_index_png(semantic_path), true['evaluation_sem_seg']))
            pixels = count_labels(labels, truth, num_classes + 1)
        matches = None
        if instances is not None and 'instances' in true:
            matches = _match(instances, true['instances'])
        return PhotoMeasure(pixels, matches)


def _match(instances: Sequence[dict], true: Sequence[dict]) -> PhotoMatches:
    return match_photo(
        [instance['mask'] for instance in instances],
        np.array([instance['label'] for instance in instances], np.int64),
        np.array([instance['score'] for instance in instances], float),
        [instance['mask'] for instance in true],
        np.array([instance['bbox_label'] for instance in true], np.int64),
        [IOU_THRESHOLD],
    )


def _summarize(measures: Sequence[PhotoMeasure], classes: Sequence[str]) -> dict[str, Any]:
    per_class: dict[str, dict[str, Any]] = {name: {} for name in classes}
    measured = [measure for measure in measures if measure.pixels is not None or measure.matches is not None]
    numbers: dict[str, Any] = dict(photos=len(measured))
    if pixels := [measure.pixels for measure in measured if measure.pixels is not None]:
        counts = np.sum(pixels, axis=0)
        if counts[2, 1:].any():  # else background's IoU would be the mean
            iou = 100 * score_labels(*counts).iou
            _enter(numbers, 'mIoU', iou)
            _enter_classes(per_class, 'IoU', iou[1:])
    if matches := [measure.matches for measure in measured if measure.matches is not None]:
        (ap,) = 100 * voc_instance_ap(matches, len(classes))
        _enter(numbers, 'AP50', ap)
        _enter_classes(per_class, 'AP50', ap)
        labels = np.concatenate([match.true_labels for match in matches]).astype(np.int64)
        for name, count in zip(classes, np.bincount(labels, minlength=len(classes))):
            per_class[name]['true_instances'] = int(count)
    return dict(numbers, classes=per_class)


def _enter(numbers: dict[str, Any], key: str, values: np.ndarray) -> None:
    """Enter the mean of those values that are numbers, if there are any."""
    if np.isfinite(values).any():
        numbers[key] = round(float(np.nanmean(values)), 2)


def _enter_classes(per_class: dict[str, dict[str, Any]], key: str, values: np.ndarray) -> None:
    """Enter the value of each class where it is a number."""
    for entries, value in zip(per_class.values(), values):
        if np.isfinite(value):
            entries[key] = round(float(value), 2)
