"""What a run has found of each class, counted over its photos."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.colors import to_hex

from ...evaluation.functional import score_labels
from ...visualization import distinct_colors
from .measures import PhotoMeasures


@dataclass(frozen=True)
class ClassFacts:
    """One class.

    Attributes:
        name: Its name.
        color: ``#rrggbb``, the same in all layers.
        photos: Photos that are tagged with it.
        instances: Its pseudo instances.
        without_instance: Photos that are tagged with it and have none of these.
        iou: IoU of the pseudo labels with the true masks, in percent, over all their photos; None without masks.
        agreement: The same with the predictions.
    """

    name: str
    color: str
    photos: int
    instances: int
    without_instance: int
    iou: float | None
    agreement: float | None


def count_classes(photos: Sequence[PhotoMeasures], classes: Sequence[str]) -> list[ClassFacts]:
    """Count every class.

    Args:
        photos: What is known of each photo.
        classes: The class list.
    """
    tagged, instances, without = Counter(), Counter(), Counter()
    for photo in photos:
        tagged.update(photo.tags)
        if photo.instances is not None:
            found = Counter(label for label, _ in photo.instances)
            instances.update(found)
            without.update(label for label in photo.tags if label not in found)
    iou, agreement = (_join(photos, key, len(classes)) for key in ('truth_counts', 'agreement_counts'))
    return [
        ClassFacts(name, to_hex(color), tagged[label], instances[label], without[label], iou[label], agreement[label])
        for label, (name, color) in enumerate(zip(classes, distinct_colors(len(classes)) / 255))
    ]


def _join(photos: Sequence[PhotoMeasures], key: str, num_classes: int) -> list[float | None]:
    """Return the IoU of each class over all photos that have such counts."""
    counts = [value for photo in photos if (value := getattr(photo, key)) is not None]
    if not counts:
        return [None] * num_classes
    iou = 100 * score_labels(*np.sum(counts, axis=0)).iou[1:]
    return [float(value) if np.isfinite(value) else None for value in iou]
