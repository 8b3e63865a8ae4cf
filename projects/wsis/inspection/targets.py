"""Drawing the items of a data set: the image after the pipeline, and each of its targets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from mmdet.models.utils import mask2ndarray
from mmengine.config import Config
from mmengine.structures import BaseDataElement

from ..models.detectors.component_batch import stack_targets
from ..models.losses.inter_pixel import LabelledPairs
from ..models.segmentors.irnet import reduce_labels
from ..ops import make_pseudo_labels, search_paths, strided_size
from ..ops.affinity import source_view
from ..structures.masks import IGNORE_LABEL, decode_masks
from ..visualization import (
    RowTitle,
    contact_sheet,
    distinct_colors,
    draw_boundary,
    draw_cams,
    draw_instance_labels,
    draw_instances,
    draw_points,
    draw_semantic_map,
    enlarge_map,
)
from ..visualization.colors import to_array

PAIR_STRIDE = 4  # of IRNet's maps
UNSURE = np.array((255, 255, 255), np.float32)
UNSURE_COVER = 0.6


@dataclass(frozen=True)
class TargetSettings:
    """What of a config decides how targets are made in the model.

    Attributes:
        training: Whether label maps are learnt from; else they are masks to evaluate on.
        radius: Of IRNet's pairs, in pixels of stride 4; None for other methods.
        sigma: Of BESTIE's centres, in pixels.
        with_points: Whether BESTIE takes all given points for centres.
    """

    training: bool = True
    radius: int | None = None
    sigma: float = 6.0
    with_points: bool = False

    @classmethod
    def from_config(cls, cfg: Config, training: bool = True) -> 'TargetSettings':
        """Read them from a config."""
        model = cfg.get('model') or {}
        loss = (model.get('head') or {}).get('loss_displacement') or {}
        return cls(training, loss.get('radius'), model.get('sigma', 6.0), model.get('supervision') == 'points')


def draw_item(item: dict[str, Any], classes: Sequence[str], settings: TargetSettings) -> np.ndarray:
    """Draw an item of a data set as one row: the image with its tags, then its targets.

    Args:
        item: ``inputs`` (3, H, W) BGR and ``data_samples``; of test-time augmentation a list each, whose first view is
            drawn.
        classes: Class names.
        settings: See :class:`TargetSettings`.

    Returns:
        ``(height, width, 3)`` uint8 RGB.
    """
    views = isinstance(item['inputs'], (list, tuple))
    inputs, sample = (value[0] if views else value for value in (item['inputs'], item['data_samples']))
    image = np.ascontiguousarray(to_array(inputs)[::-1].transpose(1, 2, 0)).clip(0, 255).astype(np.uint8)
    columns = [('image', image), *draw_targets(image, sample, classes, settings)]
    colors = distinct_colors(len(classes))
    tags = np.flatnonzero(to_array(sample.gt_tags)) if 'gt_tags' in sample else sample.get('tags', ())
    title = RowTitle(name_sample(sample), [(classes[tag], colors[tag]) for tag in tags])
    titles, pictures = zip(*columns)
    return contact_sheet([list(pictures)], list(titles), [title])


def name_sample(sample: BaseDataElement) -> str:
    """Return the id of an image, or its file name where there is none or it is a number (COCO)."""
    known = sample.get('img_id')
    return known if isinstance(known, str) else Path(sample.img_path).stem


def draw_targets(
    image: np.ndarray, sample: BaseDataElement, classes: Sequence[str], settings: TargetSettings
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the title and picture of each target of a data sample, and of the masks that it is evaluated on.

    Args:
        image: ``(H, W, 3)`` uint8 RGB, after the pipeline.
        sample: Its data sample.
        classes: Class names.
        settings: See :class:`TargetSettings`.
    """
    size = image.shape[:2]
    if 'gt_sem_seg' in sample and settings.training:
        yield 'labels\nunsure is pale', draw_labels(image, to_array(sample.gt_sem_seg.data)[0], classes)
        if settings.radius is not None:
            yield 'pairs\ndark: many of two classes', draw_pairs(sample.gt_sem_seg.data, settings.radius, size)
    elif 'gt_sem_seg' in sample:
        true = _resize(to_array(sample.gt_sem_seg.data)[0], size)
        yield 'true labels\nfor evaluation', draw_labels(image, true, classes)
    if 'gt_saliency' in sample:
        grey = to_array(sample.gt_saliency.data)[0]
        yield 'saliency', np.ascontiguousarray(grey[..., None].repeat(3, 2))
    if 'cams' in sample:
        yield 'CAMs', draw_cams(image, enlarge_map(sample.cams.cams, size), sample.cams.labels)
    if 'pred_sem_seg' in sample and tuple(sample.pred_sem_seg.data.shape[-2:]) == size:
        yield 'labels made of it\nunsure is pale', draw_labels(image, to_array(sample.pred_sem_seg.data)[0], classes)
    if 'gt_components' in sample:
        yield from _draw_components(image, sample, classes, settings)
    if 'gt_instances' in sample and 'masks' in sample.gt_instances:
        masks = mask2ndarray(sample.gt_instances.masks).astype(bool)
        yield 'instances', draw_instances(image, masks, [classes[label] for label in sample.gt_instances.labels])
    if sample.get('instances') and not settings.training:
        masks = decode_masks([entry['mask'] for entry in sample.instances], sample.ori_shape)
        masks = np.stack([_resize(mask.astype(np.uint8), size).astype(bool) for mask in masks])
        names = [classes[entry['bbox_label']] for entry in sample.instances]
        yield 'true instances\nfor evaluation', draw_instances(image, masks, names)
    if sample.get('points') and tuple(sample.get('ori_shape', ())) == size:
        places, labels = (np.array(values) for values in zip(*(((p.y, p.x), p.label) for p in sample.points)))
        yield 'points', draw_points(image, places, labels)


def _resize(labels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Bring evaluation masks to the size of the image, which test pipelines resize as a whole."""
    return cv2.resize(labels, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)


def draw_labels(image: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Draw a label map: classes in their colours, unsure pixels pale, background as it is."""
    picture = draw_semantic_map(image, labels, classes).astype(np.float32)
    unsure = (labels == IGNORE_LABEL)[..., None]
    return np.where(unsure, picture + UNSURE_COVER * (UNSURE - picture), picture).astype(np.uint8)


def draw_pairs(labels: torch.Tensor, radius: int, size: tuple[int, int]) -> np.ndarray:
    """Draw for each pixel how many of its labelled pairs join two classes, which IRNet's boundaries are learnt from.

    Args:
        labels: ``(1, H, W)`` label map.
        radius: Of the pairs, in pixels of stride 4.
        size: ``(H, W)`` of the picture.

    Returns:
        ``(H, W, 3)`` uint8 RGB: white where none do or there are none, dark where all do.
    """
    reduced = reduce_labels(labels.long(), PAIR_STRIDE, strided_size(size, PAIR_STRIDE))
    counts = torch.zeros(2, *reduced.shape[1:])
    labelled = LabelledPairs(reduced, radius)
    for path in search_paths(radius):
        found = labelled.compare(path.destination)
        for end in ((0, 0), path.destination):
            source_view(counts[0], radius, end).add_(found.negative[0])
            source_view(counts[1], radius, end).add_(sum(part[0] for part in found))
    return draw_boundary((counts[0] / counts[1].clamp(min=1)).numpy(), size)


def _draw_components(
    image: np.ndarray, sample: BaseDataElement, classes: Sequence[str], settings: TargetSettings
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield BESTIE's pseudo instances, their centre maps, and the points that they were found by."""
    targets = stack_targets([sample])
    points = targets.points if settings.with_points else None
    labels = make_pseudo_labels(targets.components, targets.accepted, len(classes), settings.sigma, points)
    own = type(labels)(*(None if part is None else part[0] for part in labels))
    instances, centers = draw_instance_labels(image, [own], sample.gt_sem_seg.data[0], classes)
    yield 'pseudo instances\nwith their weights', instances
    yield 'centre maps', centers
    places = to_array(sample.gt_points.points)
    yield 'points', draw_points(image, places, to_array(sample.gt_points.labels))
