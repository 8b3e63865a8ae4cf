"""Giving the compiled operators of mmcv what they can calculate with on a CPU."""

from typing import Any

import torch
from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
from mmdet.models.roi_heads.bbox_heads import BBoxHead
from mmdet.models.roi_heads.mask_heads import FCNMaskHead
from mmdet.models.roi_heads.roi_extractors.base_roi_extractor import BaseRoIExtractor
from torch import nn

HEADS = BaseDenseHead, BBoxHead, FCNMaskHead


def prepare_for_operators(model: nn.Module) -> None:
    """Let mmcv's operators, such as RoIAlign and NMS, work in a model with channels last or in mixed precision.

    On a CPU they take float32 only, and read the memory of any map as if its channels lay first, so that with another
    layout their results would be wrong without a word. Maps are turned into what they can read before each module of
    ``mmcv.ops`` and mmdet's extractors of regions, which collect their results. What mmdet's heads give, for NMS and
    for the losses, becomes float32 too. Everything else calculates as it is told to.

    Args:
        model: The model; hooks are added to its modules.
    """
    for module in model.modules():
        if isinstance(module, BaseRoIExtractor) or type(module).__module__.startswith('mmcv.ops.'):
            module.register_forward_pre_hook(lambda _, inputs: _make_readable(inputs))
        elif isinstance(module, HEADS):
            module.register_forward_hook(lambda _, __, outputs: _make_readable(outputs))


def _make_readable(value: Any) -> Any:
    """Turn the tensors in nested lists and tuples to contiguous memory and, from bfloat16, to float32."""
    if isinstance(value, list | tuple):
        return type(value)(_make_readable(entry) for entry in value)
    if not isinstance(value, torch.Tensor):
        return value
    return (value.float() if value.dtype == torch.bfloat16 else value).contiguous()
