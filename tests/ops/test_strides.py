"""Sizes of strided maps are those of strided convolutions and of slices with a step."""

import numpy as np
import pytest
import torch

from projects.wsis.ops import find_stride, strided_size, upsample_maps


@pytest.mark.parametrize('stride', [1, 2, 4, 16])
def test_size_of_every_nth_pixel(stride):
    for size in ((1, 1), (4, 5), (16, 17), (333, 500)):
        assert strided_size(size, stride) == np.zeros(size, bool)[::stride, ::stride].shape


@pytest.mark.parametrize(
    'size, map_size, stride',
    [
        ((375, 500), (94, 125), 4),
        ((375, 500), (375, 500), 1),
        ((5, 6), (2, 2), 4),
        ((17, 33), (2, 3), 16),
        ((96, 99), (48, 50), 2),
        ((1, 1), (1, 1), 1),
    ],
)
def test_stride_of_maps(size, map_size, stride):
    assert find_stride(map_size, size) == stride
    for number in (0, 1, 3):
        assert upsample_maps(torch.ones(number, *map_size), size).equal(torch.ones(number, *size))


def test_enlarged_maps_are_bilinear_with_half_pixel_centres():
    ramp = torch.tensor([[[0.0, 4.0, 8.0]]]).double()
    # centres of the coarse pixels lie at 1.5, 5.5 and 9.5
    expected = torch.tensor([0, 0, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8]).double()
    assert torch.allclose(upsample_maps(ramp, (4, 11)), expected.expand(1, 4, 11))
    maps = torch.rand(3, 7, 5).transpose(1, 2)  # not contiguous
    assert upsample_maps(maps, (5, 7)) is maps
    assert upsample_maps(maps, (18, 27)).equal(upsample_maps(maps.contiguous(), (18, 27)))


def test_maps_of_another_photo_get_one_line():
    with pytest.raises(ValueError, match=r'size \(10, 20\) fit a photo of size \(80, 40\) at no stride'):
        upsample_maps(torch.ones(1, 10, 20), (80, 40))
