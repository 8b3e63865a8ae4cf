"""The two feature branches of IRNet on the levels of any backbone."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from mmengine.registry import MODELS
from torch import nn

from ..bands import DeferredMaps
from ..joined_maps import JoinedMaps, Part, normalize_in_place


class Projection(nn.Sequential):
    """1x1 convolution, group normalisation, optional bilinear enlargement, ReLU (in this order)."""

    def __init__(self, in_channels: int, out_channels: int, num_groups: int, scale: int = 1) -> None:
        layers = [nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.GroupNorm(num_groups, out_channels)]
        if scale > 1:
            layers.append(nn.Upsample(scale_factor=scale, mode='bilinear', align_corners=False))
        super().__init__(*layers, nn.ReLU(inplace=True))
        self.scale = scale

    def normalize(self, maps: torch.Tensor | JoinedMaps | DeferredMaps) -> torch.Tensor:
        """Return what is enlarged and rectified in the end: the maps after convolution and normalisation."""
        projected = self[0](maps) if isinstance(maps, torch.Tensor) else maps.apply(self[0])
        return normalize_in_place(self[1], projected)

    def split(self, maps: torch.Tensor | JoinedMaps | DeferredMaps) -> Part:
        """Return the same as a part of joined maps."""
        return Part(self.normalize(maps), self.scale)


@MODELS.register_module()
class IRNetNeck(BaseModule):
    """Bring backbone levels to the finest stride, once for class boundaries and once for displacements.

    Figure 3 of the IRNet paper, for any backbone with at least 3 levels. Boundary branch: every level to
    ``boundary_channels`` at the finest stride. Displacement branch: levels of the finest stride as they are; the
    coarser ones are joined at the finest stride among them, fused to ``fusion_channels`` and brought to the finest.

    Args:
        in_channels: Channels of each level, finest first; set by the model from its backbone.
        strides: Stride of each level; set by the model.
        boundary_channels: Channels of each level in the boundary branch.
        displacement_channels: Channels of each level in the displacement branch. With fewer levels than channels, the
            last ones are used (a backbone without its stem begins at 128).
        fusion_channels: Channels of the fused coarse levels.
        init_cfg: Initialisation of mmengine.

    Raises:
        ValueError: If there are fewer than 3 levels, or strides that are no multiples of the finest one.
    """

    min_levels = 3
    reads_deferred = True
    finest_stride = 4  # that a backbone is asked for, if its config does not name levels

    def __init__(
        self,
        in_channels: Sequence[int],
        strides: Sequence[int],
        boundary_channels: int = 32,
        displacement_channels: Sequence[int] = (64, 128, 256, 256, 256),
        fusion_channels: int = 256,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        _check_levels(in_channels, strides, displacement_channels)
        self.stride = strides[0]
        self.boundary = nn.ModuleList(
            Projection(channels, boundary_channels, 4, stride // self.stride)
            for channels, stride in zip(in_channels, strides)
        )
        widths = displacement_channels[-len(in_channels) :]
        self.num_fine = sum(stride == self.stride for stride in strides)
        coarse_stride = strides[self.num_fine] if self.num_fine < len(strides) else self.stride
        self.displacement = nn.ModuleList(
            Projection(channels, width, _num_groups(width), 1 if stride == self.stride else stride // coarse_stride)
            for channels, width, stride in zip(in_channels, widths, strides)
        )
        self.displacement_fusion = (
            Projection(
                sum(widths[self.num_fine :]),
                fusion_channels,
                _num_groups(fusion_channels),
                coarse_stride // self.stride,
            )
            if self.num_fine < len(strides)
            else None
        )
        self.out_channels = dict(
            boundary=boundary_channels * len(in_channels),
            displacement=sum(widths[: self.num_fine]) + (fusion_channels if self.displacement_fusion else 0),
        )

    def forward(self, features: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the features of the boundary and of the displacement branch, both at the finest stride."""
        return self.find_boundary(features).whole(), self.find_displacement(features).whole()

    def find_boundary(self, features: Sequence[torch.Tensor]) -> JoinedMaps:
        """Return the features of the boundary branch, not yet joined."""
        parts = [project.split(level) for project, level in zip(self.boundary, features)]
        return JoinedMaps(parts, features[0].shape[-2:])

    def find_displacement(self, features: Sequence[torch.Tensor]) -> JoinedMaps:
        """Return the features of the displacement branch, not yet joined."""
        parts = [project.split(level) for project, level in zip(self.displacement, features)]
        fine, coarse = parts[: self.num_fine], parts[self.num_fine :]
        if coarse:
            joined = JoinedMaps(coarse, features[self.num_fine].shape[-2:])
            fine.append(self.displacement_fusion.split(joined))
        return JoinedMaps(fine, features[0].shape[-2:])


def _num_groups(channels: int) -> int:
    """Return the number of groups of the paper's code: 8 for 64 channels, 16 from 128 on."""
    return min(16, max(1, channels // 8))


def _check_levels(in_channels: Sequence[int], strides: Sequence[int], widths: Sequence[int]) -> None:
    if not IRNetNeck.min_levels <= len(in_channels) <= len(widths):
        raise ValueError(
            f'IRNetNeck takes {IRNetNeck.min_levels} to {len(widths)} backbone levels, not {len(in_channels)}: '
            'set out_indices of the backbone'
        )
    if list(strides) != sorted(strides) or any(stride % strides[0] for stride in strides):
        raise ValueError(f'IRNetNeck takes backbone levels of rising strides, multiples of the first, not {strides}')
