"""Drawing instance masks with outlines and class names."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from PIL import Image, ImageDraw

from ..structures.masks import find_innermost_point
from .colors import check_photo, distinct_colors, mute_photo, to_array, to_uint8
from .text import font

COVER = 0.55
LABEL_FONT_SIZE = 11
LABEL_PADDING = 3


def match_colors(masks: np.ndarray | torch.Tensor, reference: np.ndarray | torch.Tensor) -> np.ndarray:
    """Number instances after the reference instances that they overlap most, so that an object has the same colour in
    every picture of a photo.

    Pairs are taken by falling IoU, each instance and each reference once. Instances without a partner get the numbers
    after the reference's.

    Args:
        masks: ``(N, H, W)`` bool.
        reference: ``(M, H, W)`` bool, numbered 0 to M - 1.

    Returns:
        ``(N,)`` int64 numbers, no two equal.
    """
    masks, reference = (
        values.reshape(len(values), int(np.prod(values.shape[1:]))).astype(np.float32)
        for values in (to_array(masks), to_array(reference))
    )
    numbers = np.full(len(masks), -1, np.int64)
    if len(masks) and len(reference):
        shared = masks @ reference.T
        union = masks.sum(1)[:, None] + reference.sum(1)[None] - shared
        iou = shared / np.maximum(union, 1)
        for index in np.argsort(-iou, axis=None, kind='stable'):
            row, column = np.unravel_index(index, iou.shape)
            if iou[row, column] <= 0:
                break
            if numbers[row] < 0 and column not in numbers:
                numbers[row] = column
    alone = numbers < 0
    numbers[alone] = len(reference) + np.arange(alone.sum())
    return numbers


def draw_instances(
    photo: np.ndarray,
    masks: np.ndarray | torch.Tensor,
    names: Sequence[str],
    numbers: Sequence[int] | np.ndarray | None = None,
) -> np.ndarray:
    """Draw masks in colours of their own, outlined, with a small label each; large masks lie below small ones.

    Args:
        photo: ``(H, W, 3)`` uint8 RGB.
        masks: ``(N, h, w)`` bool, covering the photo; other sizes than the photo's are scaled to it.
        names: Text of the label of each instance.
        numbers: Which of :func:`distinct_colors` each instance has; by default 0 to N - 1.

    Returns:
        ``(H, W, 3)`` uint8 RGB.
    """
    check_photo(photo)
    masks = to_array(masks)
    if masks.ndim != 3 or len(masks) != len(names):
        raise ValueError(f'masks are (N, h, w) with N names, not {masks.shape} with {len(names)}')
    numbers = range(len(masks)) if numbers is None else numbers
    colors = distinct_colors(max(numbers, default=-1) + 1)[list(numbers)]
    picture = mute_photo(photo).astype(np.float32)
    shares = [_scale_mask(mask, photo.shape[:2]) for mask in masks]
    order = sorted(range(len(masks)), key=lambda index: -float(shares[index].sum()))
    for index in order:
        cover = COVER * np.clip(shares[index] * 2 - 0.5, 0, 1)[..., None]
        picture += cover * (colors[index] - picture)
    drawn = to_uint8(picture)
    for index in order:
        _draw_outline(drawn, shares[index] > 0.5, colors[index])
    return _draw_labels(drawn, [shares[index] > 0.5 for index in order], [names[i] for i in order], colors[order])


def _scale_mask(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the share (H, W) float32 in [0, 1] of each pixel that a mask covers, smooth where the mask is enlarged."""
    share = mask.astype(np.float32)
    if share.shape == tuple(size):
        return share
    smaller = size[0] < share.shape[0]
    share = cv2.resize(share, tuple(size)[::-1], interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return share if smaller else cv2.GaussianBlur(share, (0, 0), 0.8)


def _draw_outline(picture: np.ndarray, mask: np.ndarray, color: np.ndarray) -> None:
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.polylines(picture, outlines, True, (255, 255, 255), 2, cv2.LINE_AA)
    cv2.polylines(picture, outlines, True, tuple(int(value) for value in color), 1, cv2.LINE_AA)


def _draw_labels(picture: np.ndarray, masks: list[np.ndarray], names: list[str], colors: np.ndarray) -> np.ndarray:
    """Write each name at the innermost point of its mask, moved where another label is already."""
    page = Image.fromarray(picture)
    draw = ImageDraw.Draw(page, 'RGBA')
    taken: list[tuple[int, int, int, int]] = []
    for mask, name, color in zip(masks, names, colors):
        if not name or not mask.any():
            continue
        face = font(LABEL_FONT_SIZE)
        size = (round(draw.textlength(name, face)) + 2 * LABEL_PADDING + 1, LABEL_FONT_SIZE + LABEL_PADDING + 2)
        box = _find_place(find_innermost_point(mask), size, picture.shape[:2], taken)
        taken.append(box)
        dark = tuple(int(0.72 * value) for value in color)
        draw.rounded_rectangle(box, 3, fill=(*dark, 225))
        draw.text(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), name, 'white', face, anchor='mm')
    return np.array(page)


def _find_place(
    center: tuple[int, int], size: tuple[int, int], picture: tuple[int, int], taken: list[tuple[int, int, int, int]]
) -> tuple[int, int, int, int]:
    """Return a box (x1, y1, x2, y2) of ``size`` (width, height) near a point, inside the picture and off other boxes
    where there is room a few lines above or below."""
    width, height = size
    first = None
    for step in (0, 1, -1, 2, -2, 3, -3):
        x = int(np.clip(center[1] - width // 2, 1, max(1, picture[1] - width - 2)))
        y = int(np.clip(center[0] - height // 2 + step * (height + 1), 1, max(1, picture[0] - height - 2)))
        box = (x, y, x + width, y + height)
        first = first or box
        if not any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
            return box
    return first
