"""Stands in for mmcv's compiled operators where mmcv was installed without them, which spares half an hour."""

import sys
import warnings
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

import torch
from torch import Tensor

from .environment import has_compiled_operators
from .ops.non_maximum_suppression import suppress_boxes
from .ops.roi_align import roi_align

EXTENSION = 'mmcv._ext'
MEAN = 1  # mmcv's number of this way to pool
# what is left of operators in these when they were imported without an extension does not work, and says so much later
IMPORTED_TOO_EARLY = ('mmcv.ops', 'mmdet.structures', 'mmdet.models', 'mmseg.models')


def stand_in_for_operators() -> None:
    """Let ``mmcv.ops`` import where it would fail, with operators in plain torch: NMS, and RoIAlign by the mean.

    These are all that the detectors of this project use. Any other operator of mmcv says what to do when it is called.
    Where mmcv has compiled operators nothing is changed.

    Raises:
        ImportError: If what reads the operators was imported before.
    """
    if EXTENSION in sys.modules or has_compiled_operators():
        return
    if early := [name for name in IMPORTED_TOO_EARLY if name in sys.modules]:
        raise ImportError(
            f'mmcv was installed without its compiled operators: import projects.wsis before {early[0]}, or run '
            '`make setup COMPILE_MMCV=1`'
        )
    sys.modules[EXTENSION] = UncompiledOperators(EXTENSION, UncompiledOperators.__doc__)


class UncompiledOperators(ModuleType):
    """What ``mmcv.ops`` imports as its extension: functions with the names and arguments of mmcv's operators."""

    def __init__(self, name: str, doc: str | None = None) -> None:
        super().__init__(name, doc)
        self.__spec__ = ModuleSpec(name, None)  # mmcv and importlib ask whether the extension is there

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        if name.startswith('__'):
            raise AttributeError(name)
        return lambda *_, **__: _refuse(name)

    @staticmethod
    def get_compiler_version() -> str:
        """Return what mmcv tells about its environment."""
        return 'n/a'

    get_compiling_cuda_version = get_compiler_version

    @staticmethod
    def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int) -> Tensor:
        """Return the indices of boxes that are left; see :func:`~projects.wsis.ops.suppress_boxes`."""
        _warn_on_gpu(boxes)
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
        _warn_on_gpu(maps)
        if pool_mode != MEAN:
            _refuse("RoIAlign with pool_mode='max'")
        return roi_align(maps, regions, (aligned_height, aligned_width), spatial_scale, sampling_ratio, aligned)


def _refuse(name: str) -> NoReturn:
    raise RuntimeError(
        f'mmcv was installed without its compiled operators, and {name} is one of them: run `make setup COMPILE_MMCV=1`'
    )


def _warn_on_gpu(value: Tensor) -> None:
    """Say, once for each place, that compiled operators would be quicker."""
    if value.device.type != 'cpu':
        warnings.warn(
            'mmcv was installed without its compiled operators, which are quicker on a GPU: run `make setup '
            'COMPILE_MMCV=1`',
            stacklevel=3,
        )
