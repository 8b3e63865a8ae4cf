"""Which labels are taken for which: the confusion matrix of label maps."""

import numpy as np


def count_confusion(predicted: np.ndarray, true: np.ndarray, num_labels: int, ignore_index: int = 255) -> np.ndarray:
    """Count the pixels of two label maps by their pair of labels.

    Args:
        predicted: Integer labels ``(H, W)``. ``ignore_index`` there means 'no label'.
        true: Integer labels ``(H, W)``; ``ignore_index`` is left out.
        num_labels: Number of labels L, background included.
        ignore_index: See above.

    Returns:
        int64 ``(L, L + 1)``: pixels by true label (rows) and predicted label (columns); the last column is 'no label'.

    Raises:
        ValueError: If the sizes differ or a label is unknown.
    """
    if predicted.shape != true.shape:
        raise ValueError(f'the predicted label map has the size {predicted.shape}, the true one {true.shape}')
    counted = true != ignore_index
    true, predicted = true[counted].astype(np.int64), predicted[counted].astype(np.int64)
    predicted[predicted == ignore_index] = num_labels
    for labels, highest, what in ((true, num_labels - 1, 'true'), (predicted, num_labels, 'predicted')):
        if labels.size and not 0 <= labels.min() <= labels.max() <= highest:
            wrong = int(labels.min()) if labels.min() < 0 else int(labels.max())
            raise ValueError(f'the {what} label map holds the label {wrong}, known are 0..{num_labels - 1}')
    pairs = np.bincount(true * (num_labels + 1) + predicted, minlength=num_labels * (num_labels + 1))
    return pairs.reshape(num_labels, num_labels + 1)
