"""The file of a photo in a store of CAMs: what it holds, and whether it is whole."""

from collections.abc import Sequence

import numpy as np

from .files import report_damaged
from .pseudo_label_store import PseudoLabelStore

#: What numpy calls the kinds of the arrays' types, and how many dimensions they have.
ARRAYS = dict(cams=('f', 3), labels=('iu', 1), size=('iu', 1), scores=('f', 1), mode=('U', 0))
DRAWN = ('cams', 'labels')
TRAINED_ON = ('cams', 'labels', 'size', 'mode')


def read_cams(store: PseudoLabelStore, photo: str, needed: Sequence[str] = tuple(ARRAYS)) -> dict[str, np.ndarray]:
    """Read the CAMs of a photo.

    Args:
        store: The store.
        photo: Its id.
        needed: Which arrays must be there.

    Returns:
        ``cams`` (K, h, w) of a floating type, ``labels`` (K,) 0-based class ids, ``size`` (2,) height and width of the
        photo, ``scores`` (C,) of a floating type, and ``mode``, a text, in which the classes were chosen.

    Raises:
        FileNotFoundError: If the photo has no file.
        ValueError: If it is damaged, or its arrays are none of CAMs; one line.
    """
    arrays = store.read_arrays(photo)
    with report_damaged(store.path_of(photo)):
        for name in needed:
            array, (kinds, dimensions) = arrays[name], ARRAYS[name]
            if array.dtype.kind not in kinds or array.ndim != dimensions or (name == 'size' and len(array) != 2):
                raise ValueError(f'{name} is an array of shape {array.shape} and type {array.dtype}')
        if 'labels' in needed and len(arrays['labels']) != len(arrays['cams']):
            raise ValueError(f'{len(arrays["cams"])} CAMs have {len(arrays["labels"])} labels')
    return arrays
