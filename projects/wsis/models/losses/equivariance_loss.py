"""The losses by which SEAM makes the class maps of two views of a photo agree (Wang et al., CVPR 2020, section 3.5)."""

import torch
from mmengine.registry import MODELS
from torch import nn

from projects.wsis.ops.class_maps import keep_strongest, with_background


@MODELS.register_module()
class EquivariantRegularizationLoss(nn.Module):
    """Mean difference of the foreground maps of two views (equation 7).

    Args:
        loss_weight: Factor of the loss.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, maps1: torch.Tensor, maps2: torch.Tensor) -> torch.Tensor:
        """Return the loss of normalised maps (N, C + 1, h, w), background first, of the photo's classes only."""
        return self.loss_weight * (maps1[:, 1:] - maps2[:, 1:]).abs().mean()


@MODELS.register_module()
class EquivariantCrossRegularizationLoss(nn.Module):
    """Refined maps of one view follow the raw maps of the other, where they differ most (equation 9).

    The raw maps are a fixed target: the strongest class of each pixel, and as background what it leaves.

    Args:
        fraction: Which part of all values (classes x pixels) of a photo counts, those that differ most.
        untouched: The channel that is kept beside the strongest of the others: 0, the background. The official code of
            EPS + PPC keeps the first class, 1, because it took this step from SEAM, but has the background last.
        loss_weight: Factor of the loss.

    Raises:
        ValueError: If the fraction is not in (0, 1].
    """

    def __init__(self, fraction: float = 0.2, untouched: int = 0, loss_weight: float = 1.0) -> None:
        super().__init__()
        if not 0 < fraction <= 1:
            raise ValueError(f'fraction of EquivariantCrossRegularizationLoss is in (0, 1], not {fraction}')
        self.fraction = fraction
        self.untouched = untouched
        self.loss_weight = loss_weight

    def forward(self, raw: torch.Tensor, refined: torch.Tensor) -> torch.Tensor:
        """Return the loss.

        Args:
            raw: (N, C + 1, h, w) normalised raw maps of one view, background first, of the photo's classes only.
            refined: The like refined maps of the other view.
        """
        target = keep_strongest(with_background(raw.detach()), self.untouched)
        difference = (target - refined).abs().flatten(1)
        count = max(1, int(difference.shape[1] * self.fraction))
        return self.loss_weight * difference.topk(count, 1, sorted=False).values.mean()
