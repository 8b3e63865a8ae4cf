"""The head of BESTIE on ResNet: two decoders of Panoptic-DeepLab."""

from collections.abc import Sequence

import torch
from mmcv.cnn import ConvModule, DepthwiseSeparableConvModule
from mmengine.registry import MODELS
from torch import Tensor, nn

from ...freed_memory import return_freed_memory
from ..bands import run_in_bands, run_joined_in_bands
from ..feature_levels import FINEST_STRIDE
from .instance_head import InstanceHead, InstanceMaps


class ImagePooling(nn.Module):
    """The mean over the photo as a map: pooled, projected without normalisation, and spread out again.

    Args:
        in_channels: Of the features.
        channels: Of the map.
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.conv = ConvModule(in_channels, channels, 1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """Return a map (N, channels, h, w) of features (N, in_channels, h, w)."""
        return self.conv(features.mean((2, 3), keepdim=True)).expand(-1, -1, *features.shape[2:])


class DilatedPyramid(nn.Module):
    """Atrous spatial pyramid pooling of DeepLab V3, as Panoptic-DeepLab has it.

    Args:
        in_channels: Of the features.
        channels: Of each branch and of the map.
        dilations: Of a 3x3 convolution each, beside one of 1x1 and the pooling.
        dropout: Chance that a value of the map is dropped in training.
        norm_cfg: Of all layers but the pooling.
    """

    def __init__(
        self, in_channels: int, channels: int, dilations: Sequence[int], dropout: float, norm_cfg: dict
    ) -> None:
        super().__init__()
        branches = [ConvModule(in_channels, channels, 1, norm_cfg=norm_cfg)]
        branches += [
            ConvModule(in_channels, channels, 3, padding=dilation, dilation=dilation, norm_cfg=norm_cfg)
            for dilation in dilations
        ]
        self.branches = nn.ModuleList([*branches, ImagePooling(in_channels, channels)])
        self.fusion = ConvModule(len(self.branches) * channels, channels, 1, norm_cfg=norm_cfg)
        self.dropout = nn.Dropout(dropout)

    def forward(self, features: Tensor) -> Tensor:
        """Return a map (N, channels, h, w)."""
        return self.dropout(self.fusion(torch.cat([branch(features) for branch in self.branches], 1)))


class PanopticDeepLabDecoder(nn.Module):
    """From the last level to the first: enlarge, join with the projected level, fuse by a separable convolution.

    Args:
        in_channels: Channels of the levels, finest first.
        channels: Of the fused maps.
        pyramid_channels: Of the pyramid on the last level.
        low_level_channels: To which the other levels are projected, coarsest first.
        dilations: Of the pyramid.
        dropout: Of the pyramid.
        norm_cfg: Of all layers.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        channels: int,
        pyramid_channels: int,
        low_level_channels: Sequence[int],
        dilations: Sequence[int],
        dropout: float,
        norm_cfg: dict,
    ) -> None:
        super().__init__()
        *low, last = in_channels
        self.pyramid = DilatedPyramid(last, pyramid_channels, dilations, dropout, norm_cfg)
        self.projections, self.fusions = nn.ModuleList(), nn.ModuleList()
        above = pyramid_channels
        for level, width in zip(reversed(low), low_level_channels):
            self.projections.append(ConvModule(level, width, 1, norm_cfg=norm_cfg))
            self.fusions.append(separable_conv(above + width, channels, norm_cfg))
            above = channels

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Return a map (N, channels, h, w) at the stride of the first level."""
        *low, last = features
        decoded = self.pyramid(last)
        for level, projection, fusion in zip(reversed(low), self.projections, self.fusions):
            decoded = run_joined_in_bands([fusion], decoded, projection(level), align_corners=True)
        return decoded


def separable_conv(in_channels: int, channels: int, norm_cfg: dict) -> DepthwiseSeparableConvModule:
    """Return a 5x5 depthwise-separable convolution with normalisation and ReLU after each part."""
    return DepthwiseSeparableConvModule(in_channels, channels, 5, padding=2, norm_cfg=norm_cfg)


@MODELS.register_module()
class PanopticDeepLabHead(InstanceHead):
    """A semantic and an instance decoder on four levels (Cheng et al., CVPR 2020, as BESTIE uses them).

    Args:
        num_classes: Number of classes, without background.
        in_channels: Channels of the levels, finest first; set by the model from its backbone.
        semantic_channels: Of the semantic decoder and its head.
        instance_channels: Of the instance decoder and the head of centre maps.
        offset_channels: Of the head of offsets.
        pyramid_channels: Of both dilated pyramids.
        semantic_low_level_channels: To which the lower levels are projected for the semantic decoder, coarsest first.
        instance_low_level_channels: The same of the instance decoder.
        dilations: Of the pyramids; the paper's are for a last level of stride 32.
        dropout: Chance that a value is dropped after the pyramids in training.
        norm_cfg: Of all layers.
        align_corners: How maps are enlarged to the size of the labels.
        init_cfg: Initialisation of mmengine.
        kwargs: Losses, see :class:`InstanceHead`.

    Raises:
        ValueError: If the backbone gives another number of levels than there are low-level channels and one.
    """

    min_levels = 4

    def __init__(
        self,
        num_classes: int,
        in_channels: Sequence[int],
        semantic_channels: int = 256,
        instance_channels: int = 128,
        offset_channels: int = 32,
        pyramid_channels: int = 256,
        semantic_low_level_channels: Sequence[int] = (128, 64, 32),
        instance_low_level_channels: Sequence[int] = (64, 32, 16),
        dilations: Sequence[int] = (3, 6, 9),
        dropout: float = 0.5,
        norm_cfg: dict | None = None,
        align_corners: bool = True,
        init_cfg: dict | list[dict] | None = None,
        **kwargs,
    ) -> None:
        for widths in (semantic_low_level_channels, instance_low_level_channels):
            if len(widths) != len(in_channels) - 1:
                raise ValueError(
                    f'PanopticDeepLabHead reads {len(widths) + 1} levels (low-level channels {tuple(widths)} and the '
                    f'last), but the backbone gives {len(in_channels)}: set its out_indices'
                )
        init_cfg = init_cfg or dict(type='Normal', layer='Conv2d', std=0.001)
        super().__init__(num_classes, align_corners, init_cfg=init_cfg, **kwargs)
        norm_cfg = norm_cfg or dict(type='BN', momentum=0.01)
        shared = dict(pyramid_channels=pyramid_channels, dilations=dilations, dropout=dropout, norm_cfg=norm_cfg)
        self.semantic_decoder = PanopticDeepLabDecoder(
            in_channels, semantic_channels, low_level_channels=semantic_low_level_channels, **shared
        )
        self.instance_decoder = PanopticDeepLabDecoder(
            in_channels, instance_channels, low_level_channels=instance_low_level_channels, **shared
        )
        self.semantic = self._build_branch(semantic_channels, semantic_channels, num_classes + 1, norm_cfg)
        self.center = self._build_branch(instance_channels, instance_channels, num_classes, norm_cfg)
        self.offset = self._build_branch(instance_channels, offset_channels, 2, norm_cfg)

    @staticmethod
    def _build_branch(in_channels: int, channels: int, outputs: int, norm_cfg: dict) -> nn.Sequential:
        return nn.Sequential(separable_conv(in_channels, channels, norm_cfg), nn.Conv2d(channels, outputs, 1))

    def forward(self, features: tuple[Tensor, ...]) -> InstanceMaps:
        """Return the maps at the stride of the finest level."""
        semantic = self._read(self.semantic, self.semantic_decoder(features))
        if not torch.is_grad_enabled():
            return_freed_memory(semantic[0, 0].numel() * FINEST_STRIDE**2)
        instance = self.instance_decoder(features)
        return InstanceMaps(semantic, self._read(self.center, instance), self._read(self.offset, instance))

    @staticmethod
    def _read(branch: nn.Sequential, decoded: Tensor) -> Tensor:
        return branch(decoded) if torch.is_grad_enabled() else run_in_bands(branch, decoded)
