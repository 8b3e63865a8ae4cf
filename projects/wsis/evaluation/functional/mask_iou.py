"""IoU between instance masks that are COCO RLE or booleans, never through a dense copy of an RLE
prediction."""

from collections.abc import Sequence

import numpy as np
from pycocotools import mask as mask_api

Masks = np.ndarray | Sequence[dict]


def to_rle(mask: dict | Sequence | np.ndarray, size: tuple[int, int] | None = None) -> dict:
    """Bring any usual form of one mask to a compressed COCO RLE.

    Args:
        mask (dict | Sequence | np.ndarray): Compressed or uncompressed RLE, polygons
            ``[[x, y, x, y, ...], ...]``, or booleans (H, W).
        size (tuple[int, int], optional): (H, W) of the photo; only polygons need it.

    Returns:
        dict: RLE with ``size`` [H, W] and compressed ``counts``.

    Raises:
        ValueError: If the mask has none of these forms, or polygons come without a size.
    """
    if isinstance(mask, dict) and 'counts' in mask and 'size' in mask:
        if isinstance(mask['counts'], (bytes, str)):
            return mask
        return mask_api.frPyObjects(mask, *mask['size'])
    if isinstance(mask, np.ndarray) and mask.ndim == 2:
        return mask_api.encode(np.asfortranarray(mask.astype(np.uint8)))
    if isinstance(mask, (list, tuple)) and mask and all(len(polygon) >= 6 for polygon in mask):
        if size is None:
            raise ValueError('a mask given as polygons needs the size (H, W) of its photo')
        return mask_api.merge(mask_api.frPyObjects([list(p) for p in mask], *size))
    raise ValueError(
        f'a mask is neither a COCO RLE (dict with size and counts), nor booleans (H, W), nor '
        f'polygons, but {type(mask).__name__}'
    )


def mask_size(masks: Masks) -> tuple[int, int] | None:
    """Size (H, W) of masks that belong to one photo.

    Args:
        masks (np.ndarray | Sequence[dict]): Booleans (N, H, W) or N RLEs.

    Returns:
        tuple[int, int] | None: (H, W), or None for an empty list, which has no size.

    Raises:
        ValueError: If the masks differ in size.
    """
    if isinstance(masks, np.ndarray):
        return int(masks.shape[1]), int(masks.shape[2])
    sizes = {(int(mask['size'][0]), int(mask['size'][1])) for mask in masks}
    if len(sizes) > 1:
        raise ValueError(f'masks of one photo differ in size (H, W): {sorted(sizes)}')
    return next(iter(sizes), None)


def mask_iou(predicted: Masks | Sequence[np.ndarray], true: Sequence[dict]) -> np.ndarray:
    """IoU of every predicted mask with every true mask.

    RLE is compared run by run (pycocotools). Boolean predictions are counted inside the boxes of
    the true masks, which are few: this is several times faster than encoding them first. Both
    count whole pixels and so give the same number to the last bit.

    Args:
        predicted (np.ndarray | Sequence): Booleans (P, H, W), P booleans (H, W), or P RLEs.
        true (Sequence[dict]): G RLEs of the same size (H, W).

    Returns:
        np.ndarray: IoU (P, G) float32 in [0, 1]; 0 between two empty masks.
    """
    if len(predicted) == 0 or len(true) == 0:
        return np.zeros((len(predicted), len(true)), dtype=np.float32)
    if isinstance(predicted[0], np.ndarray):
        return _iou_of_booleans([mask.astype(bool, copy=False) for mask in predicted], true)
    iou = mask_api.iou(list(predicted), list(true), [0] * len(true))
    return np.asarray(iou).astype(np.float32)


def _iou_of_booleans(predicted: Sequence[np.ndarray], true: Sequence[dict]) -> np.ndarray:
    """:func:`mask_iou` of P booleans (H, W) with G RLEs."""
    true_area = mask_api.area(list(true)).astype(np.int64)  # (G,)
    predicted_area = np.array([np.count_nonzero(mask) for mask in predicted])  # (P,)
    intersection = np.zeros((len(predicted), len(true)), dtype=np.int64)
    for j, rle in enumerate(true):
        x, y, width, height = mask_api.toBbox(rle).astype(int)
        box = np.s_[y : y + height, x : x + width]
        inside = np.ascontiguousarray(mask_api.decode(rle)[box]).view(bool)
        for i, mask in enumerate(predicted):
            intersection[i, j] = np.count_nonzero(mask[box] & inside)
    union = predicted_area[:, None] + true_area[None] - intersection
    return (intersection / np.maximum(union, 1)).astype(np.float32)
