"""The head of AffinityNet: features whose differences say whether two pixels are of one class."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmengine.registry import MODELS
from torch import nn

from ...ops import feature_affinity
from ..bands import DeferredMaps, map_rows


@MODELS.register_module()
class AffinityNetHead(BaseModule):
    """Projections of the last backbone levels, fused to the features of each pixel (448 in the paper).

    AffinityNet (Ahn and Kwak, CVPR 2018), section 3.2; each 1x1 convolution is followed by an ELU. Levels that are
    coarser than the first are enlarged to it.

    Args:
        in_channels: Channels of the levels; set by the model from its backbone.
        channels: Channels of each level's projection; their sum is that of the features.
        radius: Radius of the pair search in pixels of the first level.
        loss_affinity: Loss on (affinity, label map); its radius is set here.
        init_cfg: Initialisation of mmengine.

    Raises:
        ValueError: If there are not as many levels as projections.
    """

    reads_deferred = True

    def __init__(
        self,
        in_channels: Sequence[int],
        channels: Sequence[int] = (64, 128, 256),
        radius: int = 5,
        loss_affinity: dict | None = None,
        init_cfg: dict | list | None = None,
    ) -> None:
        # as in the official code: the fusion begins with large features, so that affinities begin well below 1
        fusion_init = dict(type='Xavier', name='fusion', gain=4, distribution='uniform', bias=0)
        super().__init__(init_cfg or dict(type='Kaiming', layer='Conv2d', mode='fan_in', override=fusion_init))
        if len(in_channels) != len(channels):
            raise ValueError(
                f'AffinityNetHead projects {len(channels)} backbone levels, not {len(in_channels)}: set out_indices of '
                'the backbone (or channels of the head)'
            )
        self.radius = radius
        self.projections = nn.ModuleList(
            nn.Conv2d(wide, narrow, 1, bias=False) for wide, narrow in zip(in_channels, channels)
        )
        self.fusion = nn.Conv2d(sum(channels), sum(channels), 1, bias=False)
        self.loss_affinity = MODELS.build({**(loss_affinity or dict(type='PairAffinityLoss')), 'radius': radius})

    def forward(self, features: Sequence[torch.Tensor | DeferredMaps]) -> torch.Tensor:
        """Return the features (N, C, h, w) of every pixel of the first level."""
        if any(level.shape[-2:] != features[0].shape[-2:] for level in features):
            return self._fuse([level if isinstance(level, torch.Tensor) else level.whole() for level in features])
        widest = max(self.fusion.out_channels, *(level.shape[1] for level in features))
        return map_rows(self._fuse, features, widest)

    def _fuse(self, features: Sequence[torch.Tensor]) -> torch.Tensor:
        size = features[0].shape[-2:]
        projected = []
        for project, level in zip(self.projections, features):
            level = F.elu(project(level))
            if level.shape[-2:] != size:
                level = F.interpolate(level, size, mode='bilinear', align_corners=False)
            projected.append(level)
        return F.elu(self.fusion(torch.cat(projected, 1)))

    def loss(self, features: Sequence[torch.Tensor], labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the losses for label maps (N, h, w) of the first level: 0 background, 1..C classes, 255 unsure."""
        return self.loss_affinity(feature_affinity(self(features), self.radius), labels)
