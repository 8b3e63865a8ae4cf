"""Drawing data samples: predictions and ground truth."""

from collections.abc import Sequence

import numpy as np
from mmengine.structures import BaseDataElement

from ..structures.masks import IGNORE_LABEL, decode_masks
from .colors import to_array
from .instances import draw_instances
from .maps import draw_cams, enlarge_map
from .points import draw_points


def draw_prediction(
    photo: np.ndarray, sample: BaseDataElement, classes: Sequence[str], min_score: float = 0.0
) -> np.ndarray | None:
    """Draw the most that a sample tells: instances, else the semantic map, else CAMs, with peaks on them.

    Args:
        photo: ``(H, W, 3)`` uint8 RGB.
        sample: Sample with any of ``pred_instances``, ``pred_sem_seg``, ``pred_cams`` and ``pred_peaks``.
        classes: Class names.
        min_score: Instances and peaks of a lower score are left out.

    Returns:
        ``(H, W, 3)`` uint8 RGB; None if the sample has none of them.
    """
    if 'pred_instances' in sample:
        found = sample.pred_instances
        kept = np.flatnonzero(to_array(found.scores) >= min_score)
        masks, labels, scores = to_array(found.masks)[kept], to_array(found.labels)[kept], to_array(found.scores)[kept]
        return draw_instances(photo, masks, [f'{classes[label]} {score:.2f}' for label, score in zip(labels, scores)])
    if 'pred_sem_seg' in sample:
        return draw_semantic_map(photo, to_array(sample.pred_sem_seg.data)[0], classes)
    if 'pred_cams' not in sample:
        return None
    cams, labels = sample.pred_cams.cams, to_array(sample.pred_cams.labels)
    picture = draw_cams(photo, enlarge_map(cams, photo.shape[:2]), labels)
    if 'pred_peaks' not in sample:
        return picture
    peaks = sample.pred_peaks
    kept = np.flatnonzero(to_array(peaks.scores) >= min_score)
    return draw_points(picture, to_array(peaks.points)[kept], to_array(peaks.labels)[kept])


def draw_truth(photo: np.ndarray, sample: BaseDataElement, classes: Sequence[str]) -> np.ndarray | None:
    """Draw the evaluation masks of a sample: its objects, else its semantic map.

    Args:
        photo: ``(H, W, 3)`` uint8 RGB.
        sample: Sample with ``instances`` in its metainfo, or ``gt_sem_seg``.
        classes: Class names.

    Returns:
        ``(H, W, 3)`` uint8 RGB; None if the sample has no masks of the photo's size.
    """
    if 'instances' in sample:
        names = [classes[entry['bbox_label']] for entry in sample.instances]
        return draw_instances(
            photo, decode_masks([entry['mask'] for entry in sample.instances], photo.shape[:2]), names
        )
    if 'gt_sem_seg' in sample and sample.gt_sem_seg.data.shape[-2:] == photo.shape[:2]:
        return draw_semantic_map(photo, to_array(sample.gt_sem_seg.data)[0], classes)
    return None


def draw_semantic_map(photo: np.ndarray, label_map: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Draw the classes of a semantic map, each in its colour and with its name.

    Args:
        photo: ``(H, W, 3)`` uint8 RGB.
        label_map: ``(H, W)``: 0 background, 1..C classes, 255 ignore.
        classes: Class names.

    Returns:
        ``(H, W, 3)`` uint8 RGB.
    """
    ids = [int(value) for value in np.unique(label_map) if value not in (0, IGNORE_LABEL)]
    masks = label_map == np.array(ids, label_map.dtype).reshape(-1, 1, 1)
    return draw_instances(photo, masks, [classes[value - 1] for value in ids], [value - 1 for value in ids])
