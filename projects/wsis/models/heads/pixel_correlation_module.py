"""The pixel correlation module (PCM) of SEAM."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmengine.registry import MODELS
from torch import nn

from ...ops.class_maps import resize_aligned
from ...ops.pixel_correlation import pixel_correlation


@MODELS.register_module()
class PixelCorrelationModule(BaseModule):
    """Refine class maps by what low levels of the backbone and the photo itself say about which pixels belong together.

    SEAM, section 3.4. Each low level goes through a 1x1 convolution and ReLU; with the photo they are embedded by one
    more. No gradient goes from here into the backbone. Everything is brought to the size of the class maps, so levels
    may have any strides.

    Args:
        in_channels: Channels of the low levels.
        branch_channels: Channels that each level is brought to; their sum is the number of the embedding's.
        photo_channels: Channels of the photo.
        init_cfg: Initialisation of mmengine.

    Raises:
        ValueError: If there are not as many levels as branches.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        branch_channels: Sequence[int] = (64, 128),
        photo_channels: int = 3,
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__(
            init_cfg
            or [
                dict(type='Kaiming', mode='fan_in', override=dict(name='branches')),
                dict(type='Xavier', gain=4, distribution='uniform', override=dict(name='embedding')),
            ]
        )
        if len(in_channels) != len(branch_channels):
            raise ValueError(
                f'PixelCorrelationModule has {len(branch_channels)} branches {tuple(branch_channels)} for '
                f'{len(in_channels)} low levels: give as many branch_channels as low_levels'
            )
        self.branches = nn.ModuleList(
            nn.Conv2d(channels, width, 1, bias=False) for channels, width in zip(in_channels, branch_channels)
        )
        width = sum(branch_channels)
        self.embedding = nn.Conv2d(photo_channels + width, width, 1, bias=False)

    def forward(self, maps: torch.Tensor, levels: Sequence[torch.Tensor], photos: torch.Tensor) -> torch.Tensor:
        """Return refined class maps (N, K, h, w).

        Args:
            maps: (N, K, h, w) clean class maps.
            levels: Low levels of the backbone, each (N, C, h', w').
            photos: (N, 3, H, W) normalised photos.
        """
        size = maps.shape[-2:]
        parts = [resize_aligned(photos, size)]
        parts += [resize_aligned(F.relu(branch(level.detach())), size) for branch, level in zip(self.branches, levels)]
        embedding = self.embedding(torch.cat(parts, 1))
        # sums over thousands of pixels: in float32 under mixed precision too
        with torch.autocast(maps.device.type, enabled=False):
            return pixel_correlation(maps.float(), embedding.float())
