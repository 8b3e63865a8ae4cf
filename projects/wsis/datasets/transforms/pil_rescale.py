"""Resizing photos as in the official codes of IRNet and its followers."""

import numpy as np
from mmcv.transforms import Resize
from mmcv.transforms.utils import cache_randomness
from mmengine.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PILRescale(Resize):
    """Resize a photo by PIL (bicubic) by a fixed or random factor; ``gt_seg_map`` is resized too (nearest).

    PIL smooths what it shrinks, OpenCV (mmcv's default) does not; and sides that would end in half a pixel are rounded
    to the even number, where mmcv rounds up. Both change the maps that a network gives.

    Args:
        factor_range: Smallest and largest factor; equal ones for a fixed factor. Either this or ``long_side_range``.
        long_side_range: Shortest and longest length in pixels of the longer side, both included.

    Raises:
        ValueError: If both or neither range is given, or one that is not positive and rising.
    """

    def __init__(
        self, factor_range: tuple[float, float] | None = None, long_side_range: tuple[int, int] | None = None
    ) -> None:
        if (factor_range is None) == (long_side_range is None):
            raise ValueError('PILRescale takes either factor_range or long_side_range')
        smallest, largest = factor_range or long_side_range
        if not 0 < smallest <= largest:
            raise ValueError(f'PILRescale takes a range (smallest, largest) over 0, not {(smallest, largest)}')
        super().__init__(scale_factor=1.0, keep_ratio=False, backend='pillow', interpolation='bicubic')
        self.factor_range = factor_range
        self.long_side_range = long_side_range

    @cache_randomness
    def _choose_factor(self, long_side: int) -> float:
        if self.factor_range:
            return np.random.uniform(*self.factor_range)
        return np.random.randint(self.long_side_range[0], self.long_side_range[1] + 1) / long_side

    def transform(self, results: dict) -> dict:
        """Resize by one factor. Keys as in mmcv's ``Resize``."""
        height, width = results['img'].shape[:2]
        factor = self._choose_factor(max(height, width))
        results['scale'] = tuple(max(1, round(length * factor)) for length in (width, height))  # half to even
        self._resize_img(results)
        self._resize_seg(results)
        return results

    def __repr__(self) -> str:
        return f'PILRescale(factor_range={self.factor_range}, long_side_range={self.long_side_range})'
