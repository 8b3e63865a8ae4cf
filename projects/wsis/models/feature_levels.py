"""What a backbone gives: channels and strides of its levels, found by running it instead of counting by hand."""

from typing import NamedTuple

import torch
from torch import nn


class FeatureLevel(NamedTuple):
    """One output of a backbone: its number of channels and its stride in pixels of the photo."""

    channels: int
    stride: int


@torch.no_grad()
def infer_feature_levels(backbone: nn.Module, size: int = 128, in_channels: int = 3) -> list[FeatureLevel]:
    """Run a backbone (and neck) once on a blank photo and return its levels, in its order.

    Args:
        backbone: Any mmdet or mmseg backbone: (N, 3, H, W) -> sequence of (N, C, h, w), or one such tensor.
        size: Side of the blank photo.
        in_channels: Channels of the photo.
    """
    training = backbone.training
    backbone.eval()
    reference = next(backbone.parameters())
    outputs = backbone(torch.zeros(1, in_channels, size, size, device=reference.device, dtype=reference.dtype))
    backbone.train(training)
    if isinstance(outputs, torch.Tensor):
        outputs = (outputs,)
    return [FeatureLevel(output.shape[1], round(size / output.shape[-1])) for output in outputs]
