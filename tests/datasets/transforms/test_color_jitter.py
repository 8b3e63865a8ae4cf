"""Random changes of colour."""

import numpy as np
import pytest
from mmengine.registry import TRANSFORMS

from projects.wsis.datasets.transforms import RandomColorJitter
from projects.wsis.datasets.transforms.color_jitter import shift_hue


@pytest.fixture
def photo():
    return np.random.default_rng(0).integers(0, 256, (12, 15, 3), dtype=np.uint8)


def jitter(photo, **settings):
    np.random.seed(1)
    return RandomColorJitter(**settings)(dict(img=photo.copy()))['img']


def test_nothing_to_change(photo):
    assert np.array_equal(jitter(photo, brightness=0, contrast=0, saturation=0, hue=0), photo)


@pytest.mark.parametrize('name', ['brightness', 'contrast', 'saturation', 'hue'])
def test_each_change_alone(photo, name):
    off = dict(brightness=0, contrast=0, saturation=0, hue=0)
    changed = jitter(photo, **{**off, name: 0.3})
    assert changed.dtype == np.uint8 and changed.shape == photo.shape and not np.array_equal(changed, photo)
    gray = np.repeat(photo[..., :1], 3, 2)
    if name in ('saturation', 'hue'):  # gray has no colour to change
        assert np.abs(jitter(gray, **{**off, name: 0.3}).astype(int) - gray).max() <= 1


def test_brightness_by_hand():
    gray = np.full((2, 2, 3), 100, np.uint8)
    np.random.seed(3)
    transform = RandomColorJitter(contrast=0, saturation=0, hue=0)
    values = [int(transform(dict(img=gray.copy()))['img'][0, 0, 0]) for _ in range(50)]
    assert 70 <= min(values) < 80 and 120 < max(values) <= 130


def test_hue_turns_both_ways(photo):
    red = np.full((2, 2, 3), (0, 0, 255), np.uint8)
    green, blue = (shift_hue(red, part)[0, 0].tolist() for part in (1 / 3, -1 / 3))
    assert np.abs(np.subtract(green, (0, 255, 0))).max() <= 6 and np.abs(np.subtract(blue, (255, 0, 0))).max() <= 6
    back = shift_hue(shift_hue(photo, 0.2), -0.2)
    assert np.abs(back.astype(int) - photo).mean() < 3


def test_order_and_amount_are_random(photo):
    transform = TRANSFORMS.build(dict(type='RandomColorJitter'))
    np.random.seed(0)
    first, second = (transform(dict(img=photo.copy()))['img'] for _ in range(2))
    assert not np.array_equal(first, second)
    np.random.seed(0)
    assert np.array_equal(transform(dict(img=photo.copy()))['img'], first)


def test_bad_range():
    with pytest.raises(ValueError, match=r'hue of RandomColorJitter is in \[0, 0.5\], not 0.6'):
        RandomColorJitter(hue=0.6)
