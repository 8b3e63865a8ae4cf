"""Random changes of colour."""

import cv2
import numpy as np
import pytest
from mmengine.registry import TRANSFORMS

from projects.wsis.datasets.transforms import RandomColorJitter, RandomHSVShift
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


def test_hsv_shifts_are_whole_numbers_of_the_range():
    # colours that are the same there and back: of full saturation, far from black and white
    hsv = np.full((1, 1, 3), (90, 200, 128), np.uint8)
    photo = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)
    transform = TRANSFORMS.build(dict(type='RandomHSVShift', hue=3, saturation=0, value=0))
    np.random.seed(0)
    shifts = [cv2.cvtColor(transform(dict(img=photo))['img'], cv2.COLOR_BGR2HSV)[0, 0].astype(int) for _ in range(100)]
    shifts = np.array(shifts) - cv2.cvtColor(photo, cv2.COLOR_BGR2HSV)[0, 0]
    assert set(shifts[:, 0]) == set(range(-3, 4)) and np.abs(shifts[:, 1:]).max() <= 2
    assert photo.tolist() == cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR).tolist()  # the given photo is left as it is


def test_hue_wraps_and_the_others_stop_at_the_ends(monkeypatch):
    monkeypatch.setattr(np.random, 'randint', lambda low, high: high - 1)
    transform = RandomHSVShift(hue=10, saturation=10, value=10)
    hsv = np.array([[(175, 250, 250), (20, 100, 100)]], np.uint8)
    photo = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)[:, ::-1]  # mirrored, so not contiguous
    found = transform(dict(img=photo))['img'][:, ::-1]
    expected = cv2.cvtColor(np.array([[(5, 255, 255), (30, 110, 110)]], np.uint8), cv2.COLOR_HSV2BGR)
    assert np.abs(found.astype(int) - expected).max() <= 3 and found.dtype == np.uint8


def test_hsv_range_of_nothing_leaves_gray_as_it_is():
    gray = np.arange(0, 256, 5, np.uint8)[None, :, None].repeat(3, 2)
    assert np.array_equal(RandomHSVShift(0, 0, 0)(dict(img=gray))['img'], gray)


@pytest.mark.parametrize('width', [-1, 0.5])
def test_bad_hsv_range(width):
    with pytest.raises(ValueError, match=f'value of RandomHSVShift is a whole number from 0 on, not {width}') as error:
        RandomHSVShift(value=width)
    assert '\n' not in str(error.value)
