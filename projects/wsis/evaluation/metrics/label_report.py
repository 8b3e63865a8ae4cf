"""How the two IoU metrics report scores per label."""

from collections.abc import Sequence

import numpy as np

from ..functional.class_table import format_class_table
from ..functional.label_counts import LabelScores


def label_table(names: Sequence[str], scores: LabelScores) -> str:
    """Format IoU, precision and recall per label, and the mean IoU.

    Args:
        names (Sequence[str]): Label names, L of them.
        scores (LabelScores): Arrays (L,) in [0, 1].

    Returns:
        str: A text table in percent.
    """
    columns = 100 * np.stack([scores.iou, scores.precision, scores.recall], axis=1)  # (L, 3)
    mean = [float(np.nanmean(columns[:, 0])), float('nan'), float('nan')]
    return format_class_table(['IoU', 'precision', 'recall'], names, columns.tolist(), mean)


def classwise_iou(names: Sequence[str], scores: LabelScores) -> dict[str, float]:
    """IoU per label by key, in percent; labels neither predicted nor true have no key.

    Args:
        names (Sequence[str]): Label names, L of them.
        scores (LabelScores): Arrays (L,) in [0, 1].

    Returns:
        dict[str, float]: ``<label>_IoU``.
    """
    return {f'{n}_IoU': 100 * float(v) for n, v in zip(names, scores.iou) if v == v}
