"""The classification head with peak attention, whose class maps have a peak an object."""

import torch
from mmengine.registry import MODELS
from torch import nn

from .cam_head import CAMHead


@MODELS.register_module()
class PAMHead(CAMHead):
    """3x3 convolutions, each followed by peak attention, then class maps by a 1x1 convolution (BESTIE, section 3.3).

    Args:
        num_classes: Number of classes, without background.
        in_channels: Channels of the feature level; set by the model from its backbone.
        in_index: Which feature level is used.
        channels: Of the 3x3 convolutions.
        num_convs: How many there are.
        attention: ``PeakAttentionModule`` with its settings.
        dropout: Chance that a channel is dropped before the 1x1 convolution in training.
        loss_cls: Loss on (logits (N, C), tags (N, C)).
        init_cfg: Initialisation of mmengine.
    """

    classifier_bias = True

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        in_index: int = -1,
        channels: int = 512,
        num_convs: int = 3,
        attention: dict | None = None,
        dropout: float = 0.0,
        loss_cls: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        init_cfg = init_cfg or dict(type='Kaiming', layer='Conv2d')
        super().__init__(num_classes, channels, in_index, dropout, loss_cls, init_cfg)
        self.convs = nn.ModuleList(
            nn.Conv2d(channels if index else in_channels, channels, 3, padding=1) for index in range(num_convs)
        )
        self.attention = MODELS.build(attention or dict(type='PeakAttentionModule'))

    def forward(self, features: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Return the class maps (N, C, h, w), not yet rectified."""
        level = features[self.in_index]
        for conv in self.convs:
            level = self.attention(conv(level))
        return self.classifier(self.dropout(level))
