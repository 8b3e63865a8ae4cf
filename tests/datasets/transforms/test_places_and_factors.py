"""Resizing by one of several factors, and where small photos lie on the ground of a crop."""

import numpy as np
import pytest

from projects.wsis.datasets.transforms import RandomCropAndPad, RandomRescale


def photo(height, width):
    return dict(
        img=np.full((height, width, 3), 7, np.uint8),
        gt_seg_map=np.ones((height, width), np.uint8),
        seg_fields=['gt_seg_map'],
    )


def test_only_the_given_factors_are_drawn_and_each_of_them():
    np.random.seed(0)
    transform = RandomRescale(factors=(0.5, 1.0, 1.5), round_down=True)
    sizes = {transform.transform(photo(21, 33))['img'].shape[:2] for _ in range(60)}
    assert sizes == {(10, 16), (21, 33), (31, 49)}


@pytest.mark.parametrize(
    'settings, size', [(dict(round_down=True), (10, 12)), (dict(half_to_even=True), (10, 12)), (dict(), (11, 13))]
)
def test_half_pixels(settings, size):
    assert RandomRescale((0.5, 0.5), **settings).transform(photo(21, 25))['img'].shape[:2] == size


def test_sides_do_not_vanish():
    assert RandomRescale(factors=(0.5,), round_down=True).transform(photo(1, 9))['img'].shape[:2] == (1, 4)


def test_small_photos_lie_in_the_corner_and_large_ones_are_cut_anywhere():
    transform = RandomCropAndPad(crop_size=8, random_ground=False)
    np.random.seed(0)
    for _ in range(10):
        results = transform.transform(photo(5, 6))
        assert (results['gt_seg_map'][:5, :6] == 1).all() and (results['gt_seg_map'] == 255).sum() == 64 - 30
    columns = np.arange(20, dtype=np.uint8)[None, :, None].repeat(3, 0).repeat(3, 2)
    starts = {transform.transform(dict(img=columns))['img'][0, 0, 0] for _ in range(50)}
    assert len(starts) > 5
    places = {tuple(np.argwhere(RandomCropAndPad(8).transform(photo(5, 6))['gt_seg_map'] == 1)[0]) for _ in range(50)}
    assert len(places) > 3
