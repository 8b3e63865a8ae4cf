"""MobileNetV2 with an output stride of choice."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import torch
from mmcv.cnn import ConvModule
from mmdet.models.backbones import MobileNetV2
from mmengine.registry import MODELS
from torch import nn

from ...freed_memory import LARGE_PIXELS, return_freed_memory
from ..bands import DeferredMaps, run_in_bands
from ..folded_norms import fold_norms

STEM_LAYERS = 2  # the first layers, down to stride 4


@MODELS.register_module()
class StridedMobileNetV2(MobileNetV2):
    """mmdet's MobileNetV2 (same keys, same weights) whose last strides are 1, so that maps are finer than stride 32.

    As in IRNet's ResNet no dilation takes their place. Layers after the last level that is given are neither run nor
    trained.

    The stem, down to stride 4, calculates in float32 in mixed precision too. In ImageNet weights one channel of its
    widest maps has a mean of 1555 times its deviation, which bfloat16 rounds away: 77 % of these maps are then rounding
    error, which reaches all gradients (docs/benchmarks.md#layers-that-lose-precision).

    Args:
        output_stride: Stride of the last level: 8, 16 or 32.
        kwargs: Arguments of mmdet's ``MobileNetV2``.

    Attributes:
        defer_last_level: Whether the last level of a large photo is given as :class:`DeferredMaps`, without gradients
            and on a CPU; set by a model whose head can read them.

    Raises:
        ValueError: If the output stride is another number.
    """

    def __init__(self, output_stride: int = 16, **kwargs) -> None:
        if output_stride not in (8, 16, 32):
            raise ValueError(f'output_stride is 8, 16 or 32, not {output_stride}')
        super().__init__(**kwargs)
        self.defer_last_level = False
        stride = 2  # of conv1
        for name in self.layers[:-1]:
            depthwise = [
                module.conv
                for module in getattr(self, name).modules()
                if isinstance(module, ConvModule) and module.conv.stride == (2, 2)
            ]
            for conv in depthwise:
                if stride == output_stride:
                    conv.stride = (1, 1)
                else:
                    stride *= 2
        for name in self.layers[max(self.out_indices) + 1 :]:
            getattr(self, name).requires_grad_(False)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor | DeferredMaps, ...]:
        """Return the levels of photos (N, 3, H, W); of large ones without keeping the wide maps inside the blocks."""
        x = x.to(self.conv1.conv.weight.dtype)  # photos of half precision meet float32 weights in the stem
        if self.training or torch.is_grad_enabled():
            return self._trained_levels(x)
        levels, pixels = [], x[0, 0].numel() if x.device.type == 'cpu' else 0
        for index, ends, modules in self._chains():
            if self.defer_last_level and pixels >= LARGE_PIXELS and ends and index == max(self.out_indices):
                return (*levels, DeferredMaps(modules, x))
            with precision_of_layer(index, x.device):
                x = run_in_bands(modules, x)
            return_freed_memory(pixels)  # the maps of the next bands are of other sizes
            if ends and index in self.out_indices:
                levels.append(x)
        return tuple(levels)

    def fold_norms(self) -> None:
        """Make the batch norms part of the convolutions, for a network that is not trained any more."""
        fold_norms(self)

    def _trained_levels(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the levels of photos (N, 3, H, W), the stem's in float32."""
        levels = []
        with precision_of_layer(0, x.device):
            x = self.conv1(x)
        for index, name in enumerate(self.layers[: max(self.out_indices) + 1]):
            with precision_of_layer(index, x.device):
                x = getattr(self, name)(x)
            if index in self.out_indices:
                levels.append(x)
        return tuple(levels)

    def _chains(self) -> Iterator[tuple[int, bool, list[nn.Module]]]:
        """Yield modules that run in the same bands, of which layer the last one is, and whether that ends with it.

        The first ones, whose maps are of stride 2, are joined up to the first map of stride 4; then each block gives a
        small map by itself.
        """
        waiting = [self.conv1]
        for index, name in enumerate(self.layers[: max(self.out_indices) + 1]):
            layer = getattr(self, name)
            blocks = list(layer) if isinstance(layer, nn.Sequential) else [layer]
            for number, block in enumerate(blocks, 1):
                waiting.append(block)
                ends = number == len(blocks)
                if index == 0 and ends and index not in self.out_indices:
                    continue  # the second layer's first block makes the map smaller
                yield index, ends, waiting
                waiting = []


def precision_of_layer(index: int, device: torch.device) -> AbstractContextManager:
    """Return a context in which a layer calculates: in float32 in the stem, else as it is told."""
    if index >= STEM_LAYERS or not torch.amp.is_autocast_available(device.type):  # there is none on `meta`
        return nullcontext()
    return torch.autocast(device.type, enabled=False)
