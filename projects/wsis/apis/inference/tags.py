"""Restricting predictions to the classes that are known to be in an image."""

from collections.abc import Sequence

import torch
from mmdet.structures import DetDataSample
from mmengine.model import BaseTTAModel
from mmengine.structures import PixelData
from torch import nn


def find_tag_ids(tags: Sequence[str], classes: Sequence[str]) -> list[int]:
    """Return the sorted 0-based ids of class names.

    Raises:
        ValueError: If a name is no class; one line.
    """
    if isinstance(tags, str):
        raise ValueError(f'tags is a list of class names, not {tags!r}')
    unknown = [name for name in tags if name not in classes]
    if unknown:
        raise ValueError(f'{unknown[0]!r} is not a class of this model; its classes are {", ".join(classes)}')
    return sorted({list(classes).index(name) for name in tags})


def set_mode(model: nn.Module, tags: Sequence[int] | None) -> bool:
    """Let a model that knows modes use the tags, or find the classes itself; return whether it knows them."""
    inner = model.module if isinstance(model, BaseTTAModel) else model
    known = [part for part in {model, inner} if hasattr(part, 'mode')]
    for part in known:
        part.mode = 'predict' if tags is None else 'pseudo_label'
    return bool(known)


def keep_tags(sample: DetDataSample, tags: Sequence[int]) -> DetDataSample:
    """Leave out what a model without modes has found of other classes, in place.

    Args:
        sample: With ``pred_instances``, or ``pred_sem_seg`` and the ``seg_logits`` (C + 1, H, W) that it was decided
            from.
        tags: 0-based class ids.
    """
    if 'pred_instances' in sample:
        labels = sample.pred_instances.labels
        sample.pred_instances = sample.pred_instances[torch.isin(labels, labels.new_tensor(list(tags)))]
    if 'pred_sem_seg' in sample and 'seg_logits' in sample:
        logits = sample.seg_logits.data
        kept = torch.tensor([0, *(tag + 1 for tag in tags)], device=logits.device)
        sample.pred_sem_seg = PixelData(data=kept[logits[kept].argmax(0)][None])
    return sample
