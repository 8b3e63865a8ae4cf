"""What stores say of one photo, and how much two of them agree."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from pycocotools import mask as coco_mask

from ...evaluation.functional import count_labels, score_labels
from ...structures import PseudoLabelStore
from ...structures.masks import read_index_png
from ..photo_results import read_encoded_instances
from .sources import Labels


@dataclass(frozen=True)
class PhotoLabels:
    """Labels of one photo.

    Attributes:
        instances: ``dict(label=0-based class, score=, mask=COCO RLE)`` each; None where only a class map is known.
        class_map: (H, W) uint8: 0 background, 1..C classes, 255 unsure; None where only instances are known.
    """

    instances: list[dict] | None = None
    class_map: np.ndarray | None = None

    def scores(self) -> list[tuple[int, float]]:
        """Return class and score of each instance, best first."""
        found = ((int(entry['label']), float(entry['score'])) for entry in self.instances or ())
        return sorted(found, key=lambda pair: -pair[1])


def read_labels(source: Labels | None, photo: str, min_score: float = 0.0) -> PhotoLabels | None:
    """Read what a stage says of a photo.

    Args:
        source: Its stores.
        photo: Id of the photo.
        min_score: Instances of a lower score are left out, as are those of score 0.

    Returns:
        None where the stage knows nothing of the photo.

    Raises:
        ValueError: If a file is damaged; one line.
    """
    if source is None:
        return None
    instances = class_map = None
    if _holds(source.instances, photo):
        kept, _ = read_encoded_instances(source.instances, photo)
        instances = [instance for instance in kept if instance['score'] >= min_score]
    if _holds(source.semantic_masks, photo):
        class_map = read_index_png(source.semantic_masks.path_of(photo))
    return None if instances is None and class_map is None else PhotoLabels(instances, class_map)


def _holds(store: PseudoLabelStore | None, photo: str) -> bool:
    return store is not None and photo in store


def paint_instances(instances: Sequence[dict], size: tuple[int, int]) -> np.ndarray:
    """Return the class map (H, W) uint8 of instances; where they overlap, the one of the higher score counts."""
    painted = np.zeros(size, np.uint8)
    for instance in sorted(instances, key=lambda entry: entry['score']):
        painted[coco_mask.decode(instance['mask']) > 0] = instance['label'] + 1
    return painted


def count_agreement(labels: PhotoLabels, predicted: PhotoLabels, size: tuple[int, int], num_classes: int) -> np.ndarray:
    """Compare pseudo labels with predictions, instances with instances where both have some, else class maps.

    Args:
        labels: The pseudo labels.
        predicted: The predictions.
        size: Height and width of the photo.
        num_classes: C, without background.

    Returns:
        (3, C + 1) pixels that agree, labelled and predicted ones; background first.

    Raises:
        ValueError: If the sizes differ.
    """
    of_instances = labels.instances is not None and predicted.instances is not None
    maps = (_to_class_map(found, size, of_instances) for found in (labels, predicted))
    return count_labels(*map(torch.from_numpy, maps), num_classes + 1)


def count_truth(labels: PhotoLabels, truth: np.ndarray, num_classes: int) -> np.ndarray:
    """Compare pseudo labels with the true class map (H, W), as :func:`count_agreement` does with predictions."""
    found = _to_class_map(labels, truth.shape, False)
    return count_labels(torch.from_numpy(found), torch.from_numpy(truth), num_classes + 1)


def _to_class_map(labels: PhotoLabels, size: tuple[int, int], of_instances: bool) -> np.ndarray:
    if labels.class_map is not None and not (of_instances and labels.instances is not None):
        return labels.class_map
    return paint_instances(labels.instances or (), size)


def mean_class_iou(counts: np.ndarray) -> float | None:
    """Return the mean IoU in percent over the classes of a photo that either side has; None where it has none.

    Background is left out: it would hide that a small object is missed.

    Args:
        counts: (3, C + 1) pixels of one photo.
    """
    iou = score_labels(*counts).iou[1:]
    return 100 * float(np.nanmean(iou)) if np.isfinite(iou).any() else None
