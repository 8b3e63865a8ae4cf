"""The adaptive min-pooling loss of SEAM's official code."""

import torch
import torch.nn.functional as F
from mmengine.registry import MODELS
from torch import nn


@MODELS.register_module()
class AdaptiveMinPoolingLoss(nn.Module):
    """Push the lowest responses towards 0: a quarter of each photo should show no object.

    Args:
        fraction: Which part of a photo's pixels that is.
        loss_weight: Factor of the loss.

    Raises:
        ValueError: If the fraction is not in (0, 1].
    """

    def __init__(self, fraction: float = 0.25, loss_weight: float = 1.0) -> None:
        super().__init__()
        if not 0 < fraction <= 1:
            raise ValueError(f'fraction of AdaptiveMinPoolingLoss is in (0, 1], not {fraction}')
        self.fraction = fraction
        self.loss_weight = loss_weight

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return the loss of foreground maps (N, C, h, w) of the photo's classes (0 elsewhere), not normalised."""
        strongest = maps.max(1).values.flatten(1)
        count = max(1, int(strongest.shape[1] * self.fraction))
        return self.loss_weight * F.relu(strongest.topk(count, 1, largest=False, sorted=False).values).mean()
