"""VGG16 without its classifier, with strides and dilations of choice."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from mmengine.registry import MODELS
from torch import nn

STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


@MODELS.register_module()
class VGG16(BaseModule):
    """VGG16 (Simonyan and Zisserman, ICLR 2015), in mmdet's style; weights of torchvision load by name.

    By default the last pooling has stride 1 and the last stage is dilated by 2 instead, as in DeepLab and in the peak
    classifier of BESTIE (CVPR 2022): output stride 8.

    Args:
        strides: Stride of the pooling before each stage; the first stage has none, and its number is 1. A pooling of
            stride 2 is 2x2, one of stride 1 is 3x3.
        dilations: Dilation of the convolutions of each stage.
        out_indices: Which of the five stages are given.
        frozen_stages: Stages up to this index (-1: none) are not trained.
        init_cfg: Initialisation of mmengine.

    Raises:
        ValueError: If a stage that does not exist is named, or a stride is neither 1 nor 2.
    """

    def __init__(
        self,
        strides: Sequence[int] = (1, 2, 2, 2, 1),
        dilations: Sequence[int] = (1, 1, 1, 1, 2),
        out_indices: Sequence[int] = (4,),
        frozen_stages: int = -1,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg or dict(type='Kaiming', layer='Conv2d'))
        if len(strides) != len(STAGES) or len(dilations) != len(STAGES):
            raise ValueError(f'strides and dilations have {len(STAGES)} entries, got {strides} and {dilations}')
        if strides[0] != 1 or not set(strides) <= {1, 2}:
            raise ValueError(f'strides are 1 or 2, and 1 for the first stage, which has no pooling; got {strides}')
        if not set(out_indices) <= set(range(len(STAGES))) or not -1 <= frozen_stages < len(STAGES):
            raise ValueError(f'Stages are 0 to 4; got out_indices {out_indices} and frozen_stages {frozen_stages}')
        self.out_indices = tuple(out_indices)
        self.frozen_stages = frozen_stages
        layers, self.stage_ends, channels = [], [], 3
        for widths, stride, dilation in zip(STAGES, strides, dilations):
            if layers:
                layers.append(nn.MaxPool2d(2, 2) if stride == 2 else nn.MaxPool2d(3, 1, 1))
            for width in widths:
                convolution = nn.Conv2d(channels, width, 3, padding=dilation, dilation=dilation)
                layers += [convolution, nn.ReLU(inplace=True)]
                channels = width
            self.stage_ends.append(len(layers))
        self.features = nn.Sequential(*layers)
        self._freeze()

    def forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the outputs (N, C, h, w) of the chosen stages for photos (N, 3, H, W)."""
        outputs, start = [], 0
        for stage, end in enumerate(self.stage_ends[: max(self.out_indices) + 1]):
            inputs = self.features[start:end](inputs)
            start = end
            if stage in self.out_indices:
                outputs.append(inputs)
        return tuple(outputs)

    def _freeze(self) -> None:
        if self.frozen_stages >= 0:
            self.features[: self.stage_ends[self.frozen_stages]].requires_grad_(False)
