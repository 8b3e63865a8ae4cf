"""The decode head of DeepLab V3+, in less memory.

Configs of the deeplab stage import this module themselves (``_base_/mmseg_runtime.py``), so that nothing else waits for
mmseg's import.
"""

import torch
from mmengine.registry import MODELS
from mmseg.models.decode_heads import DepthwiseSeparableASPPHead
from mmseg.models.utils import resize

from ...freed_memory import return_freed_memory
from ..bands import run_joined_in_bands
from ..feature_levels import FINEST_STRIDE


@MODELS.register_module()
class BandedSeparableASPPHead(DepthwiseSeparableASPPHead):
    """mmseg's head of DeepLab V3+ (same keys, same weights), whose decoder sees large photos in bands of rows.

    Joined with those of the finer level at stride 4, 152 channels of a photo of 2000x3000 pixels take 228 MB at once
    (those of ResNet-101 840), and their convolutions as much again several times. Class maps are those of mmseg's head
    up to rounding.

    Args:
        args, kwargs: Arguments of mmseg's ``DepthwiseSeparableASPPHead``.
    """

    def forward(self, inputs: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Return the class maps (N, C + 1, h, w), background first, of feature levels."""
        if self.training or torch.is_grad_enabled() or self.c1_bottleneck is None:
            return super().forward(inputs)
        coarse = self._transform_inputs(inputs)
        pooled = resize(self.image_pool(coarse), coarse.shape[2:], mode='bilinear', align_corners=self.align_corners)
        pyramid = self.bottleneck(torch.cat([pooled, *self.aspp_modules(coarse)], 1))
        fine = self.c1_bottleneck(inputs[0])
        maps = run_joined_in_bands([self.sep_bottleneck, self.conv_seg], pyramid, fine, self.align_corners)
        return_freed_memory(maps[0, 0].numel() * FINEST_STRIDE**2)
        return maps
