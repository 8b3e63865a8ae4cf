"""The switch that turns SEAM or EPS into SEAM + PPC or EPS + PPC."""

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmengine.registry import MODELS
from torch import nn


@MODELS.register_module()
class PPCHead(BaseModule):
    """Project the features of two views and contrast their pixels with class prototypes (PPC, Du et al., CVPR 2022).

    Used in training only.

    Args:
        in_channels: Channels of the classified level; set by the model.
        channels: Channels of the projection.
        loss_contrast: The loss; its terms are switched by their weights.
        init_cfg: Initialisation of mmengine.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int = 128,
        loss_contrast: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg or dict(type='Xavier', layer='Conv2d', distribution='uniform'))
        self.projector = nn.Conv2d(in_channels, channels, 1, bias=False)
        self.loss_contrast = MODELS.build(loss_contrast or dict(type='PixelPrototypeContrastLoss'))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the projected features (N, D, h, w) of features (N, C, h, w)."""
        return F.relu(self.projector(features))

    def loss(
        self,
        features1: torch.Tensor,
        maps1: torch.Tensor,
        features2: torch.Tensor,
        maps2: torch.Tensor,
        tags: torch.Tensor,
    ) -> dict[str, torch.Tensor]:
        """Return the terms of the contrast.

        Args:
            features1: (N, C, h1, w1) what the classifier of view 1 sees, after its dropout.
            maps1: (N, K + 1, h1, w1) class maps of view 1, not normalised, background first.
            features2: (N, C, h2, w2) of view 2, the smaller one; the contrast takes place at its size.
            maps2: Class maps of view 2.
            tags: (N, K) multi-hot.
        """
        return self.loss_contrast(self(features1), maps1, self(features2), maps2, tags)
