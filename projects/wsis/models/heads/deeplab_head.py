"""The decode heads of DeepLab V1 and V2, which mmseg does not have (it begins with V3).

Configs of the deeplab stage import this module themselves (``_base_/mmseg_runtime.py``), so that nothing else waits for
mmseg's import.
"""

import torch
from mmcv.cnn import ConvModule
from mmengine.registry import MODELS
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch import nn


@MODELS.register_module()
class DeepLabHead(BaseDecodeHead):
    """Sum of the class maps of branches that look at the features at different dilations.

    - V1, large field of view (Chen et al., ICLR 2015): one branch of dilation 12 with hidden layers.
    - V2 (Chen et al., TPAMI 2018), atrous spatial pyramid pooling: dilations 6, 12, 18, 24; on ResNet without hidden
      layers, on VGG16 with.

    Args:
        dilations: Dilation of the 3x3 convolution of each branch.
        hidden_channels: Channels of the hidden layers of each branch (3x3, then 1x1, each with normalisation and ReLU);
            None for branches that are one convolution.
        dropout_ratio: Chance that a channel is dropped before the classifying convolution.
        drop_values: Whether single values are dropped in the place of whole channels, as in the official code of PPC.
        kwargs: Arguments of mmseg's ``BaseDecodeHead``.

    Raises:
        ValueError: If there is no branch.
    """

    def __init__(
        self,
        dilations: tuple[int, ...] = (6, 12, 18, 24),
        hidden_channels: int | None = None,
        dropout_ratio: float = 0.0,
        drop_values: bool = False,
        **kwargs,
    ) -> None:
        if not dilations:
            raise ValueError('DeepLabHead needs one dilation at least')
        kwargs.setdefault('init_cfg', dict(type='Normal', std=0.01, layer='Conv2d'))
        # the base class builds a classifying convolution and a dropout of its own, which branches do not use
        super().__init__(channels=1, dropout_ratio=dropout_ratio, **kwargs)
        del self.conv_seg, self.dropout
        self.drop_values = drop_values
        self.branches = nn.ModuleList(self._build_branch(dilation, hidden_channels) for dilation in dilations)

    def _build_branch(self, dilation: int, hidden_channels: int | None) -> nn.Sequential:
        wide = dict(kernel_size=3, padding=dilation, dilation=dilation)
        drop = (nn.Dropout if self.drop_values else nn.Dropout2d)(self.dropout_ratio)
        if hidden_channels is None:
            return nn.Sequential(drop, nn.Conv2d(self.in_channels, self.out_channels, **wide))
        settings = dict(conv_cfg=self.conv_cfg, norm_cfg=self.norm_cfg, act_cfg=self.act_cfg)
        return nn.Sequential(
            ConvModule(self.in_channels, hidden_channels, **wide, **settings),
            ConvModule(hidden_channels, hidden_channels, 1, **settings),
            drop,
            nn.Conv2d(hidden_channels, self.out_channels, 1),
        )

    def forward(self, inputs: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Return the class maps (N, C + 1, h, w), background first, of feature levels."""
        features = self._transform_inputs(inputs)
        return sum(branch(features) for branch in self.branches)
