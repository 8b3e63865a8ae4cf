"""The decode head that the official code of PPC calls DeepLab V2.

Configs of the deeplab stage import this module themselves (``_base_/mmseg_runtime.py``), so that nothing else waits for
mmseg's import.
"""

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.registry import MODELS
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch import nn


@MODELS.register_module()
class PyramidHead(BaseDecodeHead):
    """Branches of different dilations and one of the whole photo, side by side, then fused and classified.

    DeepLab V2 adds the class maps of its branches (:class:`DeepLabHead`); here features are joined, as in V3. Against
    mmseg's ``ASPPHead`` all dilated branches are 3x3, the fusion is 1x1, and the branch of the photo comes last.

    Source: ``ASPP`` and ``deeplabv2`` of usr922/wseg (``segmentation/lib/net``).

    Args:
        dilations: Dilation of the 3x3 convolution of each branch.
        dropout_ratio: Chance that a value is dropped, twice in a row, before the classifying convolution.
        kwargs: Arguments of mmseg's ``BaseDecodeHead``; ``channels`` are those of a branch.

    Raises:
        ValueError: If there is no branch.
    """

    def __init__(self, dilations: tuple[int, ...] = (6, 12, 18, 24), dropout_ratio: float = 0.5, **kwargs) -> None:
        if not dilations:
            raise ValueError('PyramidHead needs one dilation at least')
        super().__init__(dropout_ratio=0, **kwargs)
        self.dropout = nn.Dropout(dropout_ratio)
        self.branches = nn.ModuleList(
            self._build_convolution(self.in_channels, 3, padding=dilation, dilation=dilation) for dilation in dilations
        )
        self.photo_branch = self._build_convolution(self.in_channels, 1)
        self.fusion = nn.Sequential(
            self._build_convolution((len(dilations) + 1) * self.channels, 1), nn.Dropout(dropout_ratio)
        )

    def _build_convolution(self, in_channels: int, kernel_size: int, **settings: int) -> ConvModule:
        settings.update(conv_cfg=self.conv_cfg, norm_cfg=self.norm_cfg, act_cfg=self.act_cfg)
        return ConvModule(in_channels, self.channels, kernel_size, **settings)

    def forward(self, inputs: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Return the class maps (N, C + 1, h, w), background first, of feature levels."""
        features = self._transform_inputs(inputs)
        whole = self.photo_branch(F.adaptive_avg_pool2d(features, 1)).expand(-1, -1, *features.shape[-2:])
        joined = torch.cat([*(branch(features) for branch in self.branches), whole], 1)
        return self.conv_seg(self.dropout(self.fusion(joined)))
