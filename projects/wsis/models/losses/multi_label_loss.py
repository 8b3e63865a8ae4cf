"""The multi-label classification loss."""

import torch
import torch.nn.functional as F
from mmengine.registry import MODELS
from torch import nn


@MODELS.register_module()
class MultiLabelSoftMarginLoss(nn.Module):
    """Binary cross-entropy averaged over the classes, the loss of the classifiers of IRNet, SEAM, EPS and PPC.

    Args:
        loss_weight: Factor of the loss.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, logits: torch.Tensor, tags: torch.Tensor) -> torch.Tensor:
        """Return the loss of logits (N, C) for multi-hot tags (N, C)."""
        return self.loss_weight * F.multilabel_soft_margin_loss(logits, tags)
