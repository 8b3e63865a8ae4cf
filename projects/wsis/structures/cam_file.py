"""The file of a photo in a store of CAMs: what it holds, and whether it is whole."""

import numpy as np

from .files import report_damaged
from .pseudo_label_store import PseudoLabelStore


def read_cams(store: PseudoLabelStore, photo: str) -> dict[str, np.ndarray]:
    """Read the CAMs of a photo.

    Args:
        store: The store.
        photo: Its id.

    Returns:
        ``cams`` (K, h, w) of a floating type, ``labels`` (K,) int64 0-based class ids, ``size`` (2,) int64 height and
        width of the photo, ``scores`` (C,) of a floating type, and ``mode``, a text, in which the classes were chosen.

    Raises:
        FileNotFoundError: If the photo has no file.
        ValueError: If it is damaged, or its arrays are none of CAMs; one line.
    """
    arrays, path = store.read_arrays(photo), store.path_of(photo)
    with report_damaged(path):
        cams, labels, size, scores, mode = (arrays[name] for name in ('cams', 'labels', 'size', 'scores', 'mode'))
        kinds = ''.join(array.dtype.kind for array in (cams, labels, size, scores, mode))
        if kinds not in ('fiifU', 'fuifU'):
            raise ValueError('its arrays are of other types than those of CAMs')
        if cams.ndim != 3 or labels.shape != cams.shape[:1] or size.shape != (2,) or scores.ndim != 1 or mode.shape:
            raise ValueError(f'CAMs of shape {cams.shape} have labels {labels.shape} and a size {size.shape}')
    return arrays
