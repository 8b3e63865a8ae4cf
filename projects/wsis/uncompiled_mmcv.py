"""Stands in for mmcv's compiled operators where mmcv was installed without them, which spares half an hour."""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

import torch
from torch import Tensor

from .environment import has_compiled_operators
from .ops.non_maximum_suppression import suppress_boxes
from .ops.roi_align import roi_align

EXTENSION = 'mmcv._ext'
MEAN = 1  # mmcv's number of this way to pool


def stand_in_for_operators() -> None:
    """Let ``mmcv.ops`` import where it would fail, with operators in plain torch: NMS, and RoIAlign by the mean.

    These are all that the detectors of this project use. Any other operator of mmcv says what to do when it is called.
    Where mmcv has compiled operators nothing is changed.
    """
    if not has_compiled_operators():
        sys.modules.setdefault(EXTENSION, UncompiledOperators(EXTENSION, UncompiledOperators.__doc__))


class UncompiledOperators(ModuleType):
    """What ``mmcv.ops`` imports as its extension: functions with the names and arguments of mmcv's operators."""

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        if name.startswith('__'):
            raise AttributeError(name)
        return lambda *_, **__: _refuse(name)

    @staticmethod
    def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int) -> Tensor:
        """Return the indices of boxes that are left; see :func:`~projects.wsis.ops.suppress_boxes`."""
        return suppress_boxes(boxes, scores, iou_threshold, offset)

    def roi_align_forward(
        self, maps: Tensor, regions: Tensor, output: Tensor, argmax_y: Tensor, argmax_x: Tensor, **settings: Any
    ) -> None:
        """Write the bins of regions into ``output``; see :func:`~projects.wsis.ops.roi_align`."""
        output.copy_(self._align(maps, regions, **settings))

    def roi_align_backward(
        self, gradient: Tensor, regions: Tensor, argmax_y: Tensor, argmax_x: Tensor, result: Tensor, **settings: Any
    ) -> None:
        """Write the gradients of the maps into ``result``, from those of the bins."""
        with torch.enable_grad():
            maps = result.detach().requires_grad_()  # only their shape counts: bins are linear in the maps
            bins = self._align(maps, regions, **settings)
        result.copy_(torch.autograd.grad(bins, maps, gradient)[0])

    def _align(
        self,
        maps: Tensor,
        regions: Tensor,
        aligned_height: int,
        aligned_width: int,
        spatial_scale: float,
        sampling_ratio: int,
        pool_mode: int,
        aligned: bool,
    ) -> Tensor:
        if pool_mode != MEAN:
            _refuse("RoIAlign with pool_mode='max'")
        return roi_align(maps, regions, (aligned_height, aligned_width), spatial_scale, sampling_ratio, aligned)


def _refuse(name: str) -> NoReturn:
    raise NotImplementedError(
        f'mmcv was installed without its compiled operators, and {name} is one of them: run `make setup COMPILE_MMCV=1`'
    )
