"""The head of EPS: class maps with one for the background, trained on tags and saliency maps."""

import torch
from mmengine.registry import MODELS

from .cam_head import CAMHead


@MODELS.register_module()
class EPSHead(CAMHead):
    """Maps of background (first) and all classes by one bias-free 1x1 convolution (EPS, section 3.1).

    The official code has the background last; its converter reorders it.

    Args:
        num_classes: Number of classes, without background.
        in_channels: Channels of the feature level; set by the model from its backbone.
        in_index: Which feature level is used.
        dropout: Chance that a channel of the features is dropped in training.
        loss_cls: Loss on (logits (N, C), tags (N, C)).
        loss_eps: Loss on (maps (N, C + 1, h, w), saliency (N, 1, H, W), tags (N, C)).
        init_cfg: Initialisation of mmengine.
    """

    background_maps = 1

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        in_index: int = -1,
        dropout: float = 0.0,
        loss_cls: dict | None = None,
        loss_eps: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        init_cfg = init_cfg or dict(type='Xavier', layer='Conv2d', distribution='uniform')
        super().__init__(num_classes, in_channels, in_index, dropout, loss_cls, init_cfg)
        self.loss_eps = MODELS.build(loss_eps or dict(type='EPSLoss'))

    def loss(self, maps: torch.Tensor, saliency: torch.Tensor, tags: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the losses of maps (N, C + 1, h, w) for saliency (N, 1, H, W) in [0, 1] and tags (N, C)."""
        logits = maps[:, 1:].mean((2, 3))
        return dict(loss_cls=self.loss_cls(logits, tags), loss_eps=self.loss_eps(maps, saliency, tags))

    def predict(
        self, features: tuple[torch.Tensor, ...], valid_sizes: list[tuple[int, int]]
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Return the scores (C,) and class shares (C, h, w) of each photo, without the padding of the batch.

        A class's share is its part of the softmax over background and classes, which is what the loss compares with the
        saliency map; the official code makes its CAMs from it. The background's own share is left out: as in the
        official code, a fixed threshold decides the seeds.

        Args:
            features: Levels of the backbone.
            valid_sizes: (height, width) of each photo's own part of the maps.
        """
        return read_shares(self(features), valid_sizes)


def read_shares(maps: torch.Tensor, valid_sizes: list[tuple[int, int]]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return the scores (C,) of each photo and its class shares (C, h, w), the softmax without the background's part.

    Args:
        maps: (N, C + 1, h, w) logits, background first.
        valid_sizes: (height, width) of each photo's own part of the maps.
    """
    results = []
    for logits, (rows, columns) in zip(maps.float(), valid_sizes):
        logits = logits[:, :rows, :columns]
        results.append((logits[1:].mean((1, 2)).sigmoid(), logits.softmax(0)[1:]))
    return results
