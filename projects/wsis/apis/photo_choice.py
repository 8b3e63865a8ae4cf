"""Which photos of a split are worth a look: evenly spaced ones, and those that displacement changes most."""

from collections.abc import Sequence

from pycocotools import mask as coco_mask

from ..structures import PseudoLabelStore
from .photo_results import read_encoded_instances


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


def choose_photos(
    names: Sequence[str], pseudo: PseudoLabelStore, merged: PseudoLabelStore | None, count: int
) -> tuple[list[int], dict[int, str]]:
    """Choose photos without looking at ground truth: half of them evenly spaced over the split, half those where
    displacement separates most.

    Args:
        names: Photos of the split.
        pseudo: Store of the pseudo instances.
        merged: Store of those without displacement; without one, all photos are evenly spaced.
        count: How many to choose; fewer are chosen where the split has fewer.

    Returns:
        Indices of the photos, first the evenly spaced ones; and the caption for each of the others.
    """
    count = min(count, len(names))
    marks = {}
    if merged is not None:
        gains = []
        for index, name in enumerate(names):
            before, after = (read_encoded_instances(store, name)[0] for store in (merged, pseudo))
            gains.append((measure_separation(before, after), -index, len(before), len(after)))
        for gain, index, before, after in sorted(gains, reverse=True)[: count // 2]:
            if gain > 0:
                marks[-index] = f'separates most: {before} → {after} instances'
    others = [index for index in range(len(names)) if index not in marks]
    wanted = min(count - len(marks), len(others))
    even = [others[(2 * step + 1) * len(others) // (2 * wanted)] for step in range(wanted)]
    return even + list(marks), marks
