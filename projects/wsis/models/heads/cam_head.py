"""The classification head whose weights make class activation maps (CAMs)."""

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmengine.registry import MODELS
from torch import nn

from ..bands import DeferredMaps, map_rows


@MODELS.register_module()
class CAMHead(BaseModule):
    """Class maps by a bias-free 1x1 convolution; their spatial mean is the logit of each class.

    The multi-label classifier of IRNet (section 3.1) and of most weakly-supervised papers. The mean of the class maps
    equals a linear layer on the mean of the features, so the maps that are read out as CAMs are the trained ones.

    Args:
        num_classes: Number of classes, without background.
        in_channels: Channels of the feature level; set by the model from its backbone.
        in_index: Which feature level is used.
        dropout: Chance that a channel of the features is dropped in training.
        loss_cls: Loss on (logits (N, C), tags (N, C)).
        init_cfg: Initialisation of mmengine.
    """

    reads_deferred = True
    background_maps = 0  # maps before those of the classes
    classifier_bias = False

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        in_index: int = -1,
        dropout: float = 0.0,
        loss_cls: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg or dict(type='Normal', layer='Conv2d', std=0.01))
        self.num_classes = num_classes
        self.in_index = in_index
        self.dropout = nn.Dropout2d(dropout)
        self.classifier = nn.Conv2d(in_channels, self.background_maps + num_classes, 1, bias=self.classifier_bias)
        self.loss_cls = MODELS.build(loss_cls or dict(type='MultiLabelSoftMarginLoss'))

    def forward(self, features: tuple[torch.Tensor | DeferredMaps, ...]) -> torch.Tensor:
        """Return the class maps (N, C, h, w), not yet rectified."""
        level = features[self.in_index]
        return map_rows(lambda levels: self.classifier(self.dropout(levels[0])), [level], channels=level.shape[1])

    def loss(self, features: tuple[torch.Tensor, ...], tags: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the classification loss for the tags (N, C)."""
        logits = self(features).mean((2, 3))
        return dict(loss_cls=self.loss_cls(logits, tags))

    def predict(
        self, features: tuple[torch.Tensor, ...], valid_sizes: list[tuple[int, int]]
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Return the scores (C,) and rectified class maps (C, h, w) of each photo, without the padding of the batch.

        Args:
            features: Levels of the backbone.
            valid_sizes: (height, width) of each photo's own part of the class maps.
        """
        maps = self(features)
        results = []
        for class_maps, (rows, columns) in zip(maps, valid_sizes):
            class_maps = class_maps[:, :rows, :columns]
            results.append((class_maps.mean((1, 2)).sigmoid(), F.relu(class_maps)))
        return results
