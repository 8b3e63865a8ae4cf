"""Putting the components and points of the photos of a batch together."""

from typing import NamedTuple

import torch
from mmdet.structures import DetDataSample
from torch import Tensor

from ...ops import Components, join_components
from ...ops.components import find_components


class BatchTargets(NamedTuple):
    """What instance labels of a batch are made of.

    Attributes:
        components: Of the semantic maps.
        accepted: ``(K,)`` bool: which hold exactly one point of their class.
        points: ``(M, 4)`` int64 rows ``sample, class, y, x``.
        tags: ``(N, C)`` multi-hot.
    """

    components: Components
    accepted: Tensor
    points: Tensor
    tags: Tensor


def stack_targets(samples: list[DetDataSample]) -> BatchTargets:
    """Stack what ``GenerateInstancePseudoLabels`` found in the photos of a batch.

    Raises:
        ValueError: If a photo comes without.
    """
    if missing := [sample.get('img_id', '?') for sample in samples if 'gt_components' not in sample]:
        raise ValueError(
            f'Photo {missing[0]} comes without components: add GenerateInstancePseudoLabels to the training pipeline'
        )
    found = [sample.gt_components for sample in samples]
    points = [sample.gt_points for sample in samples]
    owners = torch.cat([torch.full_like(own.labels, index) for index, own in enumerate(points)])
    labels = torch.cat([own.labels for own in points])
    return BatchTargets(
        join_components(
            [sample.gt_component_map.data[0] for sample in samples],
            [own.labels for own in found],
            [own.centroids for own in found],
        ),
        torch.cat([own.accepted for own in found]),
        torch.cat([torch.stack([owners, labels], 1), torch.cat([own.points for own in points])], 1),
        torch.stack([sample.gt_tags for sample in samples]),
    )


def stack_label_maps(samples: list[DetDataSample], size: tuple[int, int]) -> torch.Tensor:
    """Stack the semantic maps (N, H, W) of a batch.

    Raises:
        ValueError: If they are not of the size of the network's input.
    """
    labels = torch.stack([sample.gt_sem_seg.data[0] for sample in samples])
    if labels.shape[1:] != size:
        raise ValueError(
            f'Photos are padded to {tuple(size)}, but labels have {tuple(labels.shape[1:])}: set '
            'crop_size to a multiple of data_preprocessor.pad_size_divisor'
        )
    return labels


def find_predicted_components(labels: Tensor, num_classes: int, min_area: int) -> Components:
    """Find the components of one predicted label map (H, W) on the CPU, and return them on its device."""
    found = find_components(labels.byte().cpu().numpy(), range(num_classes), min_area)
    return join_components(*([torch.from_numpy(part).to(labels.device)] for part in found))
