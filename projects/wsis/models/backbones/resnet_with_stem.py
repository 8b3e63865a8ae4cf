"""A ResNet that also gives its stem, for heads that need features before the first stage."""

import torch
from mmdet.models.backbones import ResNet
from mmengine.registry import MODELS


@MODELS.register_module()
class ResNetWithStem(ResNet):
    """mmdet's ResNet whose outputs begin with the stem after max-pooling (64 channels, stride 4), as IRNet uses it.

    Arguments and weights are those of mmdet's ``ResNet``.
    """

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the stem, then the stages of ``out_indices``."""
        # The pooled stem is exactly what the first stage takes in, so the stages run as they are in ResNet.
        stem = []
        handle = getattr(self, self.res_layers[0]).register_forward_pre_hook(lambda _, inputs: stem.append(inputs[0]))
        try:
            stages = super().forward(x)
        finally:
            handle.remove()
        return (*stem, *stages)
