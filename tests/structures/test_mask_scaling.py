"""Masks and class maps at another size."""

import numpy as np
import pytest

from projects.wsis.structures.mask_scaling import scale_class_map, scale_mask


def draw_disc(length):
    """A disc on a picture of 40x40, drawn with so many pixels a side."""
    row, column = (np.mgrid[:length, :length] + 0.5) * 40 / length - 20.5
    return np.hypot(row, column) < 12.3


def test_outlines_are_smooth():
    small, exact = draw_disc(40).astype(np.uint8), draw_disc(320)
    scaled = scale_mask(small, (320, 320))
    steps = small.repeat(8, 0).repeat(8, 1).astype(bool)
    assert scaled.flags.f_contiguous and scaled.shape == (320, 320)
    assert (scaled ^ exact).sum() < 0.85 * (steps ^ exact).sum()
    assert (scale_class_map(small * 3, (320, 320)) == scaled * 3).mean() > 0.999


def test_classes_and_what_is_left_out_meet_without_a_gap():
    labels = np.zeros((6, 9), np.uint8)
    labels[:, 3:6], labels[:, 6:] = 7, 255
    scaled = scale_class_map(labels, (60, 91))
    assert set(np.unique(scaled)) == {0, 7, 255}
    assert (np.diff(scaled.astype(int), axis=1) >= 0).all()
    left, right = (
        scale_mask((labels == 7).astype(np.uint8), (60, 91)),
        scale_mask((labels == 255) * np.uint8(1), (60, 91)),
    )
    assert not (left & right).any()


@pytest.mark.parametrize('size', [(12, 16), (13, 17), (500, 700), (12, 17)])
def test_no_instance_is_lost(size):
    for y, x in ((0, 0), (5, 8), (11, 15)):
        mask = np.zeros((12, 16), np.uint8)
        mask[y, x] = 1
        found = np.argwhere(scale_mask(mask, size)).mean(0) * (12 / size[0], 16 / size[1])
        assert np.abs(found - (y, x)).max() < 1.1
    assert not scale_mask(np.zeros((12, 16), np.uint8), size).any()
