"""Cross entropy of the hardest pixels of a batch (DeepLab's, which BESTIE's semantic maps learn by)."""

import torch
import torch.nn.functional as F
from mmengine.dist import all_gather, get_world_size
from mmengine.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class HardPixelCrossEntropyLoss(nn.Module):
    """Mean cross entropy of the pixels whose loss is highest, among all pixels **of all processes**.

    Ignored pixels have loss 0 and count as pixels, as in the official codes: where few are labelled, zeros enter the
    mean. Pixels of exactly the lowest loss that counts share what is left of the number.

    Args:
        fraction: Part of all pixels that counts, in (0, 1].
        ignore_index: Label that is left out.
        loss_weight: Factor.

    Raises:
        ValueError: If ``fraction`` is out of its range.
    """

    def __init__(self, fraction: float = 0.2, ignore_index: int = 255, loss_weight: float = 1.0) -> None:
        super().__init__()
        if not 0 < fraction <= 1:
            raise ValueError(f'fraction is a part of all pixels, in (0, 1]; got {fraction}')
        self.fraction = fraction
        self.ignore_index = ignore_index
        self.loss_weight = loss_weight

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the loss.

        Args:
            logits: ``(N, C, H, W)``; taken in float32 under mixed precision too. Every process has as many pixels.
            labels: ``(N, H, W)`` integers.
        """
        losses = F.cross_entropy(logits.float(), labels.long(), ignore_index=self.ignore_index, reduction='none')
        everywhere = torch.cat([one.flatten() for one in all_gather(losses.detach().contiguous())])
        count = max(1, int(self.fraction * len(everywhere)))
        limit = everywhere.topk(count).values[-1]
        above = (everywhere > limit).sum()
        share = (count - above) / (everywhere == limit).sum()
        weights = (losses.detach() > limit) + (losses.detach() == limit) * share
        # gradients are averaged over processes
        return self.loss_weight * (losses * weights).sum() * (get_world_size() / count)

    def extra_repr(self) -> str:
        """Show the settings where the model is printed."""
        return f'fraction={self.fraction}, loss_weight={self.loss_weight}'
