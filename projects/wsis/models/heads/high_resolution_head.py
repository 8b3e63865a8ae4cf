"""The head of BESTIE on HRNet."""

from collections.abc import Sequence

from mmengine.registry import MODELS
from torch import Tensor, nn

from .instance_head import InstanceHead, InstanceMaps


@MODELS.register_module()
class HighResolutionHead(InstanceHead):
    """Three branches on the finest level: a 3x3 convolution, ReLU and a 1x1 convolution each (BESTIE on HRNet).

    Args:
        num_classes: Number of classes, without background.
        in_channels: Channels of the levels, finest first; set by the model from its backbone.
        channels: Between both convolutions.
        align_corners: How maps are enlarged to the size of the labels.
        init_cfg: Initialisation of mmengine. As in the official code maps start near 0: otherwise refinement would find
            centres in the first step already.
        kwargs: Losses, see :class:`InstanceHead`.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: Sequence[int],
        channels: int = 256,
        align_corners: bool = False,
        init_cfg: dict | list[dict] | None = None,
        **kwargs,
    ) -> None:
        init_cfg = init_cfg or dict(type='Normal', layer='Conv2d', std=0.001)
        super().__init__(num_classes, align_corners, init_cfg=init_cfg, **kwargs)
        self.semantic = self._build_branch(in_channels[0], channels, num_classes + 1)
        self.center = self._build_branch(in_channels[0], channels, num_classes)
        self.offset = self._build_branch(in_channels[0], channels, 2)

    @staticmethod
    def _build_branch(in_channels: int, channels: int, outputs: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(in_channels, channels, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(channels, outputs, 1)
        )

    def forward(self, features: tuple[Tensor, ...]) -> InstanceMaps:
        """Return the maps at the stride of the finest level."""
        return InstanceMaps(self.semantic(features[0]), self.center(features[0]), self.offset(features[0]))
