"""Non-maximum suppression of boxes without a compiled operator."""

import torch
from torch import Tensor

# boxes that are compared with all others at once
BLOCK = 512


def suppress_boxes(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int = 0) -> Tensor:
    """Choose boxes by falling score, each unless it overlaps one that was chosen before, as ``mmcv.ops.nms`` does.

    Args:
        boxes: ``(M, 4)`` rows ``x1, y1, x2, y2``.
        scores: ``(M,)``.
        iou_threshold: A box goes if its IoU with a chosen one is larger.
        offset: What a side is longer than the difference of its coordinates: 1 where they name whole pixels.

    Returns:
        Indices of the chosen boxes, by falling score; of equal scores the first comes first.

    Raises:
        ValueError: If ``boxes`` is not ``(M, 4)``, or there are not as many scores.
    """
    if boxes.dim() != 2 or boxes.shape[1] != 4 or scores.shape != boxes.shape[:1]:
        raise ValueError(
            f'suppress_boxes needs boxes (M, 4) and scores (M,), got {tuple(boxes.shape)} and {tuple(scores.shape)}'
        )
    left = scores.argsort(descending=True, stable=True)
    chosen = [left[:0]]
    while len(left):
        block, later = left[:BLOCK], left[BLOCK:]
        own = _box_iou(boxes[block], boxes[block], offset) > iou_threshold
        kept = block[_choose_in_block(own.triu(1))]
        chosen.append(kept)
        left = later[~(_box_iou(boxes[kept], boxes[later], offset) > iou_threshold).any(0)]
    return torch.cat(chosen)


def _choose_in_block(suppresses: Tensor) -> Tensor:
    """Return which boxes are chosen, where ``suppresses[i, j]`` tells whether a chosen box i forbids j > i.

    The first box is right from the start, and after each pass so are those that depend only on boxes which were right
    before, until nothing changes.
    """
    chosen = suppresses.new_ones(len(suppresses))
    while True:
        found = ~(suppresses & chosen[:, None]).any(0)
        if torch.equal(found, chosen):
            return chosen
        chosen = found


def _box_iou(first: Tensor, second: Tensor, offset: int) -> Tensor:
    """Return the IoU of each of the first ``(M, 4)`` boxes with each of the second ``(K, 4)``, as ``(M, K)``."""
    corners = torch.maximum(first[:, None, :2], second[:, :2]), torch.minimum(first[:, None, 2:], second[:, 2:])
    common = (corners[1] - corners[0] + offset).clamp(min=0).prod(2)
    areas = [(boxes[:, 2:] - boxes[:, :2] + offset).prod(1) for boxes in (first, second)]
    return common / (areas[0][:, None] + areas[1] - common)
