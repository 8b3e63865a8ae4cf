"""Sizes of strided maps are those of strided convolutions and of slices with a step."""

import numpy as np
import pytest

from projects.wsis.ops import strided_size


@pytest.mark.parametrize('stride', [1, 2, 4, 16])
def test_size_of_every_nth_pixel(stride):
    for size in ((1, 1), (4, 5), (16, 17), (333, 500)):
        assert strided_size(size, stride) == np.zeros(size, bool)[::stride, ::stride].shape
