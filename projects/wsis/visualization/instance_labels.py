"""Drawing the training targets of BESTIE: instances and centre maps, before and after refinement."""

from collections.abc import Sequence

import numpy as np
import torch

from ..ops import InstanceLabels
from .colors import to_array
from .instances import draw_instances, match_colors
from .maps import draw_cams, resize_photo
from .page import RowTitle, contact_sheet

PAGE_SIDE = 256  # shorter photos are enlarged on a page
PAGE_TITLES = ('photo', 'pseudo labels', 'refined labels', 'refined centre maps')


def split_by_center(offset: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the instances of labels: pixels whose offsets lead to one centre.

    Instances with the same centre, such as parts of a component that both have its centroid, are one here.

    Args:
        offset: ``(2, H, W)`` offsets ``(y, x)`` in pixels.
        weight: ``(H, W)``; pixels of weight 0 belong to none.

    Returns:
        Masks ``(K, H, W)`` bool in raster order of their centres, and the weight ``(K,)`` of each.
    """
    rows, columns = np.nonzero(weight > 0)
    centers = np.rint(offset[:, rows, columns]).astype(np.int64) + (rows, columns)
    # a centre can lie outside, where a photo was cropped
    found, own = np.unique(centers, axis=1, return_inverse=True)
    own = own.reshape(-1)
    masks = np.zeros((found.shape[1], *weight.shape), bool)
    masks[own, rows, columns] = True
    return masks, np.array([weight[mask].mean() for mask in masks], np.float32)


def draw_instance_labels(
    photo: np.ndarray, labels: Sequence[InstanceLabels], label_map: np.ndarray | torch.Tensor, classes: Sequence[str]
) -> list[np.ndarray]:
    """Draw the instances of several labels of a photo, with their class and weight, and the centre maps of the last.

    Args:
        photo: ``(H, W, 3)`` uint8 RGB.
        labels: Labels of the photo, without the axis of the batch; an object has the colour that it has in the first.
        label_map: ``(H, W)``: 0 background, 1..C classes, 255 ignore.
        classes: Class names.

    Returns:
        A picture ``(H, W, 3)`` uint8 RGB of each labels, and one of the centre maps.
    """
    label_map, pictures, first = to_array(label_map), [], None
    for own in labels:
        masks, weights = split_by_center(to_array(own.offset), to_array(own.weight)[0])
        names = [f'{_name(label_map[mask], classes)} {weight:.2f}' for mask, weight in zip(masks, weights)]
        first = masks if first is None else first
        pictures.append(draw_instances(photo, masks, names, match_colors(masks, first)))
    center = to_array(labels[-1].center)
    shown = np.flatnonzero(center.reshape(len(center), -1).any(1))
    return [*pictures, draw_cams(photo, center[shown], shown)]


def instance_label_page(
    photos: Sequence[np.ndarray],
    names: Sequence[str],
    labels: Sequence[Sequence[InstanceLabels]],
    label_maps: Sequence[np.ndarray | torch.Tensor],
    classes: Sequence[str],
) -> np.ndarray:
    """Draw a page with a row a photo: the photo, its pseudo labels, its refined ones, and their centre maps.

    Args:
        photos: ``(H, W, 3)`` uint8 RGB each.
        names: Of the photos.
        labels: Pseudo and refined labels of each photo.
        label_maps: ``(H, W)`` each, see :func:`draw_instance_labels`.
        classes: Class names.

    Returns:
        ``(height, width, 3)`` uint8 RGB.
    """
    rows = []
    for photo, own, label_map in zip(photos, labels, label_maps):
        factor = max(1.0, PAGE_SIDE / max(photo.shape))
        photo = resize_photo(np.ascontiguousarray(photo), tuple(round(factor * side) for side in photo.shape[:2]))
        rows.append([photo, *draw_instance_labels(photo, own, label_map, classes)])
    return contact_sheet(rows, PAGE_TITLES, [RowTitle(name) for name in names])


def _name(ids: np.ndarray, classes: Sequence[str]) -> str:
    """Name the most frequent class of the pixels of an instance."""
    ids = ids[(ids > 0) & (ids <= len(classes))].astype(np.int64)
    return classes[np.bincount(ids).argmax() - 1] if len(ids) else ''
