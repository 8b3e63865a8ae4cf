"""The peak attention module (PAM) of BESTIE."""

import torch
from mmengine.registry import MODELS
from torch import nn


@MODELS.register_module()
class PeakAttentionModule(nn.Module):
    """Keeps only the strongest responses of each channel (BESTIE, Kim et al., CVPR 2022, section 3.3).

    What lies below ``alpha`` times the maximum of its map becomes 0 and gets no gradient, and so does what is
    negative. Between the convolutions of a classifier this keeps gradients at a few pixels an object, so that its
    class maps have a peak an object instead of covering it.

    Args:
        alpha: Part of the maximum that a response must reach, in [0, 1].

    Raises:
        ValueError: If ``alpha`` is out of its range.
    """

    def __init__(self, alpha: float = 0.7) -> None:
        super().__init__()
        if not 0 <= alpha <= 1:
            raise ValueError(f'alpha is a part of the maximum, in [0, 1]; got {alpha}')
        self.alpha = alpha

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return features (N, C, h, w) of the same size; the input is left as it is."""
        features = features.relu()
        return features.where(features >= self.alpha * features.detach().amax((2, 3), keepdim=True), 0.0)

    def extra_repr(self) -> str:
        """Show the setting where the model is printed."""
        return f'alpha={self.alpha}'
