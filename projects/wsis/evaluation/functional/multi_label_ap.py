"""Average precision and F1 of multi-label classification."""

import numpy as np


def average_precision(scores: np.ndarray, tags: np.ndarray) -> float:
    """Average precision of one class, over all points and without interpolation.

    Photos of equal score are taken together, as one threshold cannot part them; so the result does
    not depend on the order of the photos.

    Args:
        scores (np.ndarray): Scores (N,).
        tags (np.ndarray): bool (N,), whether a photo has the class.

    Returns:
        float: AP in [0, 1]; NaN if no photo has the class.
    """
    if not tags.any():
        return float('nan')
    order = np.argsort(-scores, kind='stable')
    scores, tags = scores[order], tags[order]
    # last photo of each run of equal scores
    last = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))
    correct = np.cumsum(tags)[last]
    precision = correct / (last + 1)
    recall = correct / correct[-1]
    return float((np.diff(recall, prepend=0.0) * precision).sum())


def f1_scores(predicted: np.ndarray, tags: np.ndarray) -> dict[str, float]:
    """Per-class and overall precision, recall and F1.

    Args:
        predicted (np.ndarray): bool (N, C).
        tags (np.ndarray): bool (N, C).

    Returns:
        dict[str, float]: CP, CR, CF1: means over the classes that some photo has, and the F1 of
        these means (a class never predicted has precision 0); OP, OR, OF1: over all decisions.
        All in [0, 1].
    """
    present = tags.any(axis=0)
    correct = (predicted & tags).sum(axis=0)
    num_predicted, num_true = predicted.sum(axis=0), tags.sum(axis=0)
    class_precision = (correct / np.maximum(num_predicted, 1))[present]
    class_recall = (correct / np.maximum(num_true, 1))[present]
    class_mean = (class_precision.mean(), class_recall.mean()) if present.any() else (0.0, 0.0)
    overall = (
        correct.sum() / max(num_predicted.sum(), 1),
        correct.sum() / max(num_true.sum(), 1),
    )
    result = {}
    for name, (precision, recall) in (('C', class_mean), ('O', overall)):
        total = precision + recall
        result[f'{name}P'] = float(precision)
        result[f'{name}R'] = float(recall)
        result[f'{name}F1'] = float(2 * precision * recall / total) if total else 0.0
    return result
