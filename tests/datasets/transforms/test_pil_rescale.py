"""Resizing as the official codes do it."""

import numpy as np
import pytest
from mmengine.registry import TRANSFORMS
from PIL import Image

from projects.wsis.datasets.transforms import PILRescale


def results_of(height, width):
    rng = np.random.default_rng(0)
    return dict(
        img=rng.integers(0, 256, (height, width, 3), np.uint8),
        img_shape=(height, width),
        ori_shape=(height, width),
        gt_seg_map=rng.integers(0, 21, (height, width)).astype(np.uint8),
    )


@pytest.mark.parametrize('factor', [0.5, 1.0, 1.5])
def test_photo_and_labels_are_those_of_pil(factor):
    results = results_of(33, 51)  # 16.5 rows become 16, 25.5 columns 26; 49.5 rows 50, 76.5 columns 76
    size = {0.5: (16, 26), 1.0: (33, 51), 1.5: (50, 76)}[factor]
    photo, labels = Image.fromarray(results['img']), Image.fromarray(results['gt_seg_map'])
    results = PILRescale(factor_range=(factor, factor))(results)
    assert results['img_shape'] == results['img'].shape[:2] == size and results['ori_shape'] == (33, 51)
    np.testing.assert_array_equal(results['img'], photo.resize(size[::-1], Image.BICUBIC))
    np.testing.assert_array_equal(results['gt_seg_map'], labels.resize(size[::-1], Image.NEAREST))


def test_long_side_takes_every_length_of_its_range():
    np.random.seed(0)
    transform = TRANSFORMS.build(dict(type='PILRescale', long_side_range=(20, 23)))
    sizes = {transform(results_of(30, 60))['img_shape'] for _ in range(60)}
    assert sizes == {(10, 20), (10, 21), (11, 22), (12, 23)}  # 10.5 to 10, 11.5 to 12


def test_random_factors_stay_in_their_range():
    np.random.seed(0)
    widths = [PILRescale(factor_range=(0.5, 1.5))(results_of(40, 100))['img_shape'][1] for _ in range(50)]
    assert 50 <= min(widths) < 70 and 130 < max(widths) <= 150


@pytest.mark.parametrize(
    'arguments, words',
    [
        ({}, 'either factor_range or long_side_range'),
        (dict(factor_range=(1, 2), long_side_range=(1, 2)), 'either factor_range or long_side_range'),
        (dict(factor_range=(1.5, 0.5)), r'not \(1.5, 0.5\)'),
        (dict(long_side_range=(0, 5)), 'over 0'),
    ],
)
def test_bad_ranges_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        PILRescale(**arguments)
