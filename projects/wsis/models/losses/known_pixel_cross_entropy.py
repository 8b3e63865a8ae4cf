"""Cross entropy of the pixels of known label (DeepLab)."""

import torch.nn.functional as F
from mmengine.registry import MODELS
from torch import Tensor, nn

from .inter_pixel import mean_over_count


@MODELS.register_module()
class KnownPixelCrossEntropyLoss(nn.Module):
    """Mean cross entropy of the pixels with a known label, **of all processes**.

    mmseg's ``CrossEntropyLoss`` with ``avg_non_ignore=True`` divides by the pixels of its own process, so that a pixel
    counts more where few others are known. With one process both are the same.

    Source: ``CrossEntropyLoss(ignore_index=255)`` of the official codes of PPC and EPS.

    Args:
        loss_weight: Factor.
        loss_name: Name of the loss in the log.
    """

    def __init__(self, loss_weight: float = 1.0, loss_name: str = 'loss_ce') -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.loss_name = loss_name

    def forward(self, logits: Tensor, labels: Tensor, weight: Tensor | None = None, ignore_index: int = 255) -> Tensor:
        """Return the loss; the mean of all processes' values is that of the whole batch.

        Args:
            logits: Class maps ``(N, C, H, W)``.
            labels: Class of each pixel, ``(N, H, W)``.
            weight: Factor of each pixel, ``(N, H, W)``, e.g. of a pixel sampler; such pixels count as known ones.
            ignore_index: Label of the pixels that are left out.

        Returns:
            Scalar, 0 if no label is known.
        """
        labels = labels.long()
        losses = F.cross_entropy(logits.float(), labels, reduction='none', ignore_index=ignore_index)
        total = (losses if weight is None else losses * weight).sum()
        return self.loss_weight * mean_over_count(total, (labels != ignore_index).sum())
