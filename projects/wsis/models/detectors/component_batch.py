"""Putting the components and points of the photos of a batch together."""

import torch
from mmdet.structures import DetDataSample
from torch import Tensor

from ...ops.components import find_components
from ...ops.instance_labels import Components


def stack_components(samples: list[DetDataSample]) -> Components:
    """Number the components of a batch through.

    Args:
        samples: With ``gt_component_map`` and ``gt_components``, as the data pipeline gives them.

    Raises:
        ValueError: If a photo comes without.
    """
    if missing := [sample.get('img_id', '?') for sample in samples if 'gt_components' not in sample]:
        raise ValueError(
            f'Photo {missing[0]} comes without components: add GenerateInstancePseudoLabels to the training pipeline'
        )
    found = [sample.gt_components for sample in samples]
    maps = [sample.gt_component_map.data[0].long() for sample in samples]
    starts = [0]
    for one in found[:-1]:
        starts.append(starts[-1] + len(one.labels))
    numbers = torch.stack([torch.where(own > 0, own + start, 0) for own, start in zip(maps, starts)])
    device = numbers.device
    owners = [torch.full((len(one.labels),), index, device=device) for index, one in enumerate(found)]
    return Components(
        numbers,
        torch.cat(owners),
        *(torch.cat([one[name].to(device) for one in found]) for name in ('labels', 'centroids')),
    )


def stack_accepted(samples: list[DetDataSample]) -> Tensor:
    """Return which components (K,) of a batch hold exactly one point of their class."""
    return torch.cat([sample.gt_components.accepted for sample in samples])


def stack_points(samples: list[DetDataSample]) -> Tensor:
    """Return the points of a batch as rows ``sample, class, y, x`` (M, 4)."""
    rows = [
        torch.cat([torch.full_like(own.labels, index)[:, None], own.labels[:, None], own.points], 1)
        for index, own in enumerate(sample.gt_points for sample in samples)
    ]
    return torch.cat(rows)


def find_predicted_components(labels: Tensor, num_classes: int, min_area: int) -> Components:
    """Find the components of one predicted label map (H, W) on the CPU, and return them on its device."""
    found = find_components(labels.byte().cpu().numpy(), range(num_classes), min_area)
    tensors = (
        torch.from_numpy(part).to(labels.device) for part in (found.numbers[None], found.labels, found.centroids)
    )
    numbers, classes, centroids = tensors
    return Components(numbers.long(), torch.zeros_like(classes), classes, centroids)
