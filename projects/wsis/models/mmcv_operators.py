"""Giving the operators of mmcv what they can calculate with on a CPU, and a quicker RoIAlign."""

from collections.abc import Callable
from typing import Any

import torch
from mmcv.ops import RoIAlign
from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
from mmdet.models.roi_heads.bbox_heads import BBoxHead
from mmdet.models.roi_heads.mask_heads import FCNMaskHead
from mmdet.models.roi_heads.roi_extractors.base_roi_extractor import BaseRoIExtractor
from torch import Tensor, nn

from ..ops.roi_align import roi_align

HEADS = BaseDenseHead, BBoxHead, FCNMaskHead


class QuickRoIAlign(RoIAlign):
    """RoIAlign by the mean that reads maps of any memory layout, and on a CPU is quicker than mmcv's operator.

    Args:
        kwargs: Arguments of mmcv's ``RoIAlign``.
    """

    def forward(self, input: Tensor, rois: Tensor) -> Tensor:
        """Return the bins of regions; see :func:`~projects.wsis.ops.roi_align`.

        Args:
            input: ``(N, C, H, W)`` features.
            rois: ``(R, 5)`` rows ``image, x1, y1, x2, y2``.
        """
        return roi_align(input, rois, self.output_size, self.spatial_scale, self.sampling_ratio, self.aligned)


def prepare_for_operators(model: nn.Module) -> None:
    """Let mmcv's operators, such as RoIAlign and NMS, work in a model with channels last or in mixed precision.

    On a CPU they take float32 only, and read the memory of any map as if its channels lay first, so that with another
    layout their results would be wrong without a word. Maps are turned into what they can read before each module of
    ``mmcv.ops``. Layers of mmcv's RoIAlign become :class:`QuickRoIAlign`, which needs no other layout. Mmdet's
    extractors of regions, which collect the results, get float32, and what mmdet's heads give, for NMS and for the
    losses, becomes float32 too. Everything else calculates as it is told to.

    Args:
        model: The model; hooks are added to its modules, and layers of RoIAlign are replaced.
    """
    for module in list(model.modules()):
        _quicken_layers(module)
    for module in model.modules():
        if isinstance(module, BaseRoIExtractor):
            module.register_forward_pre_hook(lambda _, inputs: _each_tensor(inputs, _to_float))
        elif type(module).__module__.startswith('mmcv.ops.'):
            module.register_forward_pre_hook(lambda _, inputs: _each_tensor(inputs, _to_readable))
        elif isinstance(module, HEADS):
            module.register_forward_hook(lambda _, __, outputs: _each_tensor(outputs, _to_readable))


def _quicken_layers(module: nn.Module) -> None:
    """Put :class:`QuickRoIAlign` in the place of the direct children that are mmcv's RoIAlign by the mean."""
    for name, layer in module.named_children():
        if type(layer) is RoIAlign and layer.pool_mode == 'avg':
            settings = layer.spatial_scale, layer.sampling_ratio, layer.pool_mode, layer.aligned, layer.use_torchvision
            setattr(module, name, QuickRoIAlign(layer.output_size, *settings))


def _each_tensor(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Return nested lists and tuples with their tensors changed."""
    if isinstance(value, list | tuple):
        return type(value)(_each_tensor(entry, change) for entry in value)
    return change(value) if isinstance(value, Tensor) else value


def _to_float(value: Tensor) -> Tensor:
    """Return bfloat16 as float32."""
    return value.float() if value.dtype == torch.bfloat16 else value


def _to_readable(value: Tensor) -> Tensor:
    """Return bfloat16 as float32, with its last axis contiguous in memory."""
    return _to_float(value).contiguous()
