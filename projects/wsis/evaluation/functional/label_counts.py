"""Pixel counts of label maps and CAM seeds, and the IoU, precision and recall computed from them.

A photo is reduced to counts per class: a full confusion matrix of COCO's 81 labels would weigh
50 KB per photo and hold nothing else that is reported.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ...ops import upsample_maps


@dataclass(frozen=True)
class LabelScores:
    """Scores per label from pixel counts; NaN where a ratio has no pixels. Arrays (..., L)."""

    iou: np.ndarray
    precision: np.ndarray
    recall: np.ndarray


@dataclass(frozen=True)
class SeedCounts:
    """Counts of one photo's seeds at T rising thresholds, or of all photos.

    Attributes:
        labels (np.ndarray): Classes (K,), 0-based without background.
        correct (np.ndarray): (K, T) pixels seeded as a class that have that class.
        seeded (np.ndarray): (K, T) pixels seeded as a class.
        on_background (np.ndarray): (T,) pixels seeded as any class that are background.
        true (np.ndarray): (C + 1,) true pixels per label, background first.
    """

    labels: np.ndarray
    correct: np.ndarray
    seeded: np.ndarray
    on_background: np.ndarray
    true: np.ndarray


def count_labels(predicted: torch.Tensor, true: torch.Tensor, num_labels: int, ignore_index: int = 255) -> np.ndarray:
    """Count the pixels of two label maps.

    Args:
        predicted (torch.Tensor): Integer labels (H, W). ``ignore_index`` there means 'no label':
            such a pixel is missed, and no label is charged with it.
        true (torch.Tensor): Integer labels (H, W); ``ignore_index`` is left out.
        num_labels (int): Number of labels L, background included.
        ignore_index (int): See above.

    Returns:
        np.ndarray: int64 (3, L): pixels that agree, predicted pixels, true pixels.

    Raises:
        ValueError: If the sizes differ or a label is unknown.
    """
    if predicted.shape != true.shape:
        raise ValueError(
            f'the predicted label map has the size {tuple(predicted.shape)}, the true one {tuple(true.shape)}'
        )
    counted = true != ignore_index
    true = true[counted].long()
    predicted = predicted[counted].to(true)
    predicted_kept = predicted[predicted != ignore_index]
    true_pixels = _count(true, num_labels, 'true label map')
    predicted_pixels = _count(predicted_kept, num_labels, 'predicted label map')
    correct = _count(predicted[predicted == true], num_labels, 'predicted label map')
    return np.stack([correct, predicted_pixels, true_pixels])


def score_labels(correct: np.ndarray, predicted: np.ndarray, true: np.ndarray) -> LabelScores:
    """IoU, precision and recall per label.

    Args:
        correct (np.ndarray): Pixels that agree (..., L).
        predicted (np.ndarray): Predicted pixels (..., L).
        true (np.ndarray): True pixels (..., L).

    Returns:
        LabelScores: Values in [0, 1]; an IoU is NaN for a label that is neither predicted nor true.
    """
    return LabelScores(
        iou=_ratio(correct, predicted + true - correct),
        precision=_ratio(correct, predicted),
        recall=_ratio(correct, true),
    )


def count_seeds(
    cams: torch.Tensor,
    labels: torch.Tensor,
    true: torch.Tensor,
    thresholds: Sequence[float],
    num_classes: int,
    ignore_index: int = 255,
) -> SeedCounts:
    """Count the seeds that CAMs give at many background thresholds in one pass.

    A pixel is seeded with the class of its largest CAM where that exceeds the threshold, else it is
    background: the argmax over [threshold, CAMs] as in the official IRNet code. The class does not
    depend on the threshold, so one histogram of the largest value per class serves all of them.

    Args:
        cams (torch.Tensor): (K, h, w), max-normalised to [0, 1], of any stride that is a power of
            two: see :func:`upsample_maps`, which brings them to full size.
        labels (torch.Tensor): Classes of the CAMs (K,), 0-based without background, no duplicates.
        true (torch.Tensor): Labels (H, W), 0 background, 1..C classes, ``ignore_index`` left out.
        thresholds (Sequence[float]): T rising background thresholds >= 0.
        num_classes (int): Number of classes C.
        ignore_index (int): See ``true``.

    Returns:
        SeedCounts: Counts of this photo.

    Raises:
        ValueError: If sizes, labels or values of the CAMs do not fit.
    """
    _check_cams(cams, labels, num_classes)
    counted = true != ignore_index
    true = true[counted].long().to(cams.device)
    true_pixels = _count(true, num_classes + 1, 'true label map')
    num_thresholds, num_cams = len(thresholds), len(cams)
    if num_cams == 0:
        none = np.zeros((0, num_thresholds), dtype=np.int32)
        on_background = np.zeros(num_thresholds, dtype=np.int32)
        return SeedCounts(labels.cpu().numpy(), none, none, on_background, true_pixels)

    value, index = upsample_maps(cams.float(), tuple(counted.shape)).max(dim=0)  # (H, W)
    value, index = value[counted.to(value.device)], index[counted.to(index.device)]  # (M,)
    boundaries = value.new_tensor(thresholds)
    level = torch.bucketize(value, boundaries)  # (M,) number of thresholds below the value
    is_correct = true == labels.to(index)[index] + 1
    kind = torch.where(is_correct, 0, torch.where(true == 0, 1, 2))  # (M,)
    flat = (kind * num_cams + index) * (num_thresholds + 1) + level
    histogram = torch.bincount(flat, minlength=3 * num_cams * (num_thresholds + 1))
    histogram = histogram.view(3, num_cams, num_thresholds + 1)
    # seeded at threshold t: all pixels of a level above t
    above = histogram.flip(-1).cumsum(-1).flip(-1)[..., 1:].int().cpu().numpy()  # (3, K, T)
    return SeedCounts(
        labels=labels.cpu().numpy(),
        correct=above[0],
        seeded=above.sum(axis=0, dtype=np.int32),
        on_background=above[1].sum(axis=0, dtype=np.int32),
        true=true_pixels,
    )


def sum_seed_counts(photos: Sequence[SeedCounts], num_classes: int) -> np.ndarray:
    """Add the seeds of all photos, and the background that they leave.

    Args:
        photos (Sequence[SeedCounts]): At least one photo, all with the same T thresholds.
        num_classes (int): Number of classes C.

    Returns:
        np.ndarray: int64 (3, T, C + 1): pixels that agree, seeded pixels, true pixels; background
        first. In the order of :func:`score_labels`' arguments.
    """
    num_thresholds = photos[0].correct.shape[1]
    correct, seeded = np.zeros((2, num_classes + 1, num_thresholds), dtype=np.int64)
    true = np.zeros(num_classes + 1, dtype=np.int64)
    for photo in photos:
        correct[photo.labels + 1] += photo.correct
        seeded[photo.labels + 1] += photo.seeded
        correct[0] += photo.true[0] - photo.on_background
        seeded[0] += photo.true.sum() - photo.seeded.sum(axis=0)
        true += photo.true
    return np.stack([correct.T, seeded.T, np.broadcast_to(true, correct.T.shape)])


def _check_cams(cams: torch.Tensor, labels: torch.Tensor, num_classes: int) -> None:
    if cams.ndim != 3 or len(cams) != len(labels):
        raise ValueError(f'CAMs (K, h, w) and labels (K,) do not fit: {tuple(cams.shape)} and {tuple(labels.shape)}')
    if len(labels) and (labels.min() < 0 or labels.max() >= num_classes):
        raise ValueError(f'CAM labels {labels.tolist()} are not all in 0..{num_classes - 1}')
    if len(labels.unique()) != len(labels):
        raise ValueError(f'CAM labels {labels.tolist()} name a class twice')
    if not torch.isfinite(cams).all():
        raise ValueError('CAMs hold a value that is not finite')


def _count(labels: torch.Tensor, num_labels: int, what: str) -> np.ndarray:
    """Number of pixels per label, int64 (L,)."""
    if labels.numel() and (labels.min() < 0 or labels.max() >= num_labels):
        wrong = int(labels.min()) if labels.min() < 0 else int(labels.max())
        raise ValueError(f'the {what} holds the label {wrong}, known are 0..{num_labels - 1}')
    return torch.bincount(labels, minlength=num_labels).cpu().numpy()


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
