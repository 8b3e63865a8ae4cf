"""Choosing photos of a split to show: evenly spaced ones, and those that displacement changes most."""

from collections.abc import Sequence

from pycocotools import mask as coco_mask

from ..structures import PseudoLabelStore
from .photo_results import read_encoded_instances

FOUND_IOU = 0.5


def measure_separation(merged: Sequence[dict], separated: Sequence[dict]) -> float:
    """Measure how much displacement separates in a photo.

    Each instance of the boundary row counts by the effective number of instances of its class that it falls into,
    ``1 / sum(p^2)`` of their shares ``p``, less one: 1 for two equal halves, little for a crumb broken off. Ground
    truth takes no part.

    Args:
        merged: Pseudo instances without displacement, ``dict(label=, mask=COCO RLE)`` each.
        separated: Pseudo instances with it.

    Returns:
        The sum over the instances, 0 where nothing is separated.
    """
    total = 0.0
    for whole in merged:
        parts = [part['mask'] for part in separated if part['label'] == whole['label']]
        if not parts:
            continue
        # against a crowd, pycocotools gives the share of the first mask that lies in it; all without decoding
        inside = coco_mask.iou(parts, [whole['mask']], [1])[:, 0] * coco_mask.area(parts)
        if inside.sum() > 0:
            shares = inside / inside.sum()
            total += 1 / float((shares**2).sum()) - 1
    return total


def count_found(predicted: Sequence[dict], truth: Sequence[dict]) -> int:
    """Count the true objects that an instance of their class overlaps with an IoU of at least one half.

    Args:
        predicted: Pseudo instances, ``dict(label=, mask=COCO RLE)`` each.
        truth: True instances, ``dict(bbox_label=, mask=COCO RLE)`` each.
    """
    found = 0
    for true in truth:
        masks = [instance['mask'] for instance in predicted if instance['label'] == true['bbox_label']]
        found += bool(masks) and bool((coco_mask.iou(masks, [true['mask']], [0]) >= FOUND_IOU).any())
    return found


def find_separated(
    names: Sequence[str],
    pseudo: PseudoLabelStore,
    merged: PseudoLabelStore,
    truths: Sequence[Sequence[dict] | None],
) -> dict[int, str]:
    """Find the photos where displacement gains most over the boundary alone.

    Where there is ground truth, the gain is how many more true objects are found; photos with the same gain, and all
    photos where no photo has ground truth, are ranked by :func:`measure_separation`.

    Returns:
        A caption for the index of each photo with a gain, best first.
    """
    known = any(truth is not None for truth in truths)
    gains = []
    for index, (name, truth) in enumerate(zip(names, truths)):
        before, after = (read_encoded_instances(store, name)[0] for store in (merged, pseudo))
        separation = measure_separation(before, after)
        if not known:
            gains.append((separation, 0, -index, f'separates {len(before)} → {len(after)} instances'))
        elif truth is not None:
            old, new = count_found(before, truth), count_found(after, truth)
            gains.append((new - old, separation, -index, f'finds {old} → {new} of {len(truth)} objects'))
    return {-index: caption for gain, _, index, caption in sorted(gains, reverse=True) if gain > 0}


def choose_photos(count: int, total: int, separated: dict[int, str]) -> tuple[list[int], dict[int, str]]:
    """Choose photos: half of them evenly spaced over the split, half those where displacement gains most.

    Args:
        count: How many to choose; fewer are chosen where the split has fewer.
        total: Number of photos of the split.
        separated: What :func:`find_separated` found; where it has too few photos, more are evenly spaced.

    Returns:
        Indices of the photos, first the evenly spaced ones; and the captions of the others.
    """
    count = min(count, total)
    marks = {index: separated[index] for index in list(separated)[: count // 2]}
    others = [index for index in range(total) if index not in marks]
    wanted = min(count - len(marks), len(others))
    even = [others[(2 * step + 1) * len(others) // (2 * wanted)] for step in range(wanted)]
    return even + list(marks), marks
