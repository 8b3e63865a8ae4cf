"""Average precision of instance segmentation as in PASCAL VOC (numbers equal to ChainerCV's
``eval_instance_segmentation_voc``, which the papers of this field report).

The matching is done photo by photo and leaves a few numbers a prediction, so neither memory nor
the exchange between processes grows with the size of the masks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .mask_iou import Masks, mask_iou

AP_CONVENTIONS = ('area', '11points')

# Spelled as in VOC's devkit and ChainerCV: 0.1 * 3 is a little above 0.3, and a recall of exactly
# 3/10 does not reach it. Another spelling gives other numbers.
_RECALL_POINTS = np.arange(0.0, 1.1, 0.1)


@dataclass(frozen=True)
class PhotoMatches:
    """The matches of one photo that the evaluation keeps.

    Attributes:
        labels (np.ndarray): Classes of the predictions (P,).
        scores (np.ndarray): Their scores (P,).
        matches (np.ndarray): int8 (T, P) per IoU threshold: 1 correct, 0 wrong, -1 not counted.
        true_labels (np.ndarray): Classes of the true instances that count (G,).
    """

    labels: np.ndarray
    scores: np.ndarray
    matches: np.ndarray
    true_labels: np.ndarray


def match_instances(
    iou: np.ndarray,
    scores: np.ndarray,
    iou_thresholds: Sequence[float],
    ignored: np.ndarray | None = None,
) -> np.ndarray:
    """Match predictions and true instances of one class in one photo.

    Predictions are taken by falling score, equal scores earlier first. Each goes to the true
    instance of highest IoU (the first of equals), even if that is taken: a second prediction on it
    is wrong also where another free instance would pass the threshold.

    Args:
        iou (np.ndarray): IoU (P, G). Compared in float32, so that a ratio of exactly 0.7 passes a
            threshold of 0.7.
        scores (np.ndarray): Scores (P,).
        iou_thresholds (Sequence[float]): T thresholds; a match needs IoU >= threshold.
        ignored (np.ndarray, optional): True instances (G,) that neither help nor hurt, as VOC's
            'difficult' objects of detection.

    Returns:
        np.ndarray: int8 (T, P) in the order of the input: 1 correct, 0 wrong, -1 not counted.
    """
    num_predicted, num_true = iou.shape
    matches = np.zeros((len(iou_thresholds), num_predicted), dtype=np.int8)
    if num_predicted == 0 or num_true == 0:
        return matches
    iou = iou.astype(np.float32, copy=False)
    order = np.argsort(-scores, kind='stable')
    best = iou.argmax(axis=1)
    best_iou = iou.max(axis=1)
    for row, threshold in zip(matches, iou_thresholds):
        passing = order[best_iou[order] >= np.float32(threshold)]
        _, first = np.unique(best[passing], return_index=True)
        row[passing[first]] = 1
        if ignored is not None:
            row[passing[ignored[best[passing]]]] = -1
    return matches


def match_photo(
    pred_masks: Masks,
    pred_labels: np.ndarray,
    pred_scores: np.ndarray,
    true_masks: Sequence[dict],
    true_labels: np.ndarray,
    iou_thresholds: Sequence[float],
    ignored: np.ndarray | None = None,
) -> PhotoMatches:
    """Match all classes of one photo.

    Args:
        pred_masks (np.ndarray | Sequence[dict]): Booleans (P, H, W) or P COCO RLEs.
        pred_labels (np.ndarray): Classes (P,).
        pred_scores (np.ndarray): Scores (P,).
        true_masks (Sequence[dict]): G COCO RLEs.
        true_labels (np.ndarray): Classes (G,).
        iou_thresholds (Sequence[float]): T thresholds.
        ignored (np.ndarray, optional): bool (G,), see :func:`match_instances`.

    Returns:
        PhotoMatches: Predictions in the order of the input.
    """
    if ignored is None:
        ignored = np.zeros(len(true_labels), dtype=bool)
    matches = np.zeros((len(iou_thresholds), len(pred_labels)), dtype=np.int8)
    # masks of a class without true instances in the photo are not looked at: they are wrong
    for label in np.intersect1d(pred_labels, true_labels):
        predicted = np.flatnonzero(pred_labels == label)
        true = np.flatnonzero(true_labels == label)
        iou = mask_iou(_select(pred_masks, predicted), _select(true_masks, true))
        matches[:, predicted] = match_instances(iou, pred_scores[predicted], iou_thresholds, ignored[true])
    return PhotoMatches(pred_labels, pred_scores, matches, true_labels[~ignored])


def voc_average_precision(matches: np.ndarray, scores: np.ndarray, num_true: int, convention: str = 'area') -> float:
    """Average precision of one class at one IoU threshold.

    Args:
        matches (np.ndarray): (P,) 1 correct, 0 wrong, -1 not counted.
        scores (np.ndarray): Scores (P,); equal ones are taken in the order of the input.
        num_true (int): Number of true instances.
        convention (str): 'area', the area under the monotone precision envelope (VOC 2010 on), or
            '11points', the mean over recalls 0, .1, ..., 1 (VOC 2007).

    Returns:
        float: AP in [0, 1]; NaN without true instances.

    Raises:
        ValueError: If the convention is unknown.
    """
    if convention not in AP_CONVENTIONS:
        raise ValueError(f'AP convention {convention!r} is unknown: use one of {AP_CONVENTIONS}')
    if num_true == 0:
        return float('nan')
    matches = matches[np.argsort(-scores, kind='stable')]
    correct = np.cumsum(matches == 1)
    counted = correct + np.cumsum(matches == 0)
    recall = correct / num_true
    precision = correct / np.maximum(counted, 1)
    # best precision at this or a higher recall
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    if convention == '11points':
        at = np.searchsorted(recall, _RECALL_POINTS, side='left')
        reached = at < len(recall)
        points = np.zeros(len(_RECALL_POINTS))
        points[reached] = envelope[at[reached]]
        # added one by one, as the official evaluator does: equal to the last bit
        return float(np.cumsum(points / len(points))[-1])
    return float((np.diff(recall, prepend=0.0) * envelope).sum())


def voc_instance_ap(photos: Sequence[PhotoMatches], num_classes: int, convention: str = 'area') -> np.ndarray:
    """Average precision per IoU threshold and class over all photos.

    Equal scores are ordered by photo and then by prediction, earlier first, so the result depends
    on nothing but the order of the photos.

    Args:
        photos (Sequence[PhotoMatches]): At least one photo, in the order of the data set.
        num_classes (int): Number of classes C.
        convention (str): See :func:`voc_average_precision`.

    Returns:
        np.ndarray: AP (T, C) in [0, 1]; NaN for a class without true instances.
    """
    labels = np.concatenate([photo.labels for photo in photos])
    scores = np.concatenate([photo.scores for photo in photos])
    matches = np.concatenate([photo.matches for photo in photos], axis=1)
    true_labels = np.concatenate([photo.true_labels for photo in photos]).astype(np.int64)
    num_true = np.bincount(true_labels, minlength=num_classes)
    ap = np.full((len(matches), num_classes), np.nan)
    for label in range(num_classes):
        chosen = labels == label
        for row, matches_at_threshold in zip(ap, matches):
            row[label] = voc_average_precision(
                matches_at_threshold[chosen], scores[chosen], int(num_true[label]), convention
            )
    return ap


def _select(masks: Masks, index: np.ndarray) -> list:
    # one by one, as an index array would copy the booleans, which costs as much as counting them
    return [masks[i] for i in index]
