"""Random resizing and cropping: photo and label map go alike."""

import cv2
import numpy as np
import pytest
from mmengine.registry import TRANSFORMS

from projects.wsis.datasets.transforms import RandomCropAndPad, RandomRescale, RandomResizeLongSide

MEAN = (104, 116, 124)  # of ImageNet, (B, G, R)


@pytest.fixture(autouse=True)
def seed():
    np.random.seed(0)


def photo(height, width, label=True):
    """A photo whose pixels tell where they were; its label map tells the same."""
    rows, columns = np.mgrid[:height, :width].astype(np.uint8)
    results = dict(img=np.stack([rows, columns, np.full_like(rows, 7)], -1), img_shape=(height, width))
    return (
        results | dict(gt_seg_map=(rows * 16 + columns).astype(np.uint8), seg_fields=['gt_seg_map'])
        if label
        else results
    )


@pytest.mark.parametrize('size', [(12, 15), (5, 6), (12, 6), (5, 15), (8, 8)])
def test_crop_and_pad_keeps_photo_and_label_together(size):
    for _ in range(10):
        results = RandomCropAndPad(crop_size=8).transform(photo(*size))
        image, label = results['img'], results['gt_seg_map']
        assert image.shape == (8, 8, 3) and label.shape == (8, 8) and results['img_shape'] == (8, 8)
        inside = image[..., 2] == 7
        assert inside.sum() == min(size[0], 8) * min(size[1], 8)
        assert (image[~inside] == MEAN).all() and (label[~inside] == 255).all()
        assert np.array_equal(label[inside], image[inside][:, 0] * 16 + image[inside][:, 1])
        rows = image[..., 0][inside].reshape(-1, min(size[1], 8))
        assert (np.diff(rows[:, 0].astype(int)) == 1).all()  # one whole piece


@pytest.mark.parametrize('size', [(20, 20), (4, 4)])
def test_every_place_is_taken_and_both_ends_too(size):
    places = set()
    for _ in range(400):
        image = RandomCropAndPad(crop_size=8).transform(photo(*size, label=False))['img']
        inside = np.argwhere(image[..., 2] == 7)
        places.add(int(image[0, 0, 0]) if size[0] > 8 else int(inside[0, 0]))
    assert places == set(range(abs(size[0] - 8) + 1))


def test_top_left_crop_is_not_random():
    large = RandomCropAndPad(crop_size=4, random=False).transform(photo(9, 9))
    assert large['gt_seg_map'].tolist() == photo(9, 9)['gt_seg_map'][:4, :4].tolist()
    small = RandomCropAndPad(crop_size=4, random=False, label_pad_value=9).transform(photo(2, 3))
    assert small['gt_seg_map'].tolist() == [[0, 1, 2, 9], [16, 17, 18, 9], [9] * 4, [9] * 4]


def test_photo_without_label_map_gets_none():
    assert 'gt_seg_map' not in RandomCropAndPad(crop_size=4).transform(photo(9, 2, label=False))


def test_long_side_has_the_asked_length():
    transform = TRANSFORMS.build(dict(type='RandomResizeLongSide', length_range=(20, 24)))
    lengths = set()
    for number in range(60):
        height, width = ((30, 60), (60, 30))[number % 2]
        results = transform(photo(height, width))
        rows, columns = results['img'].shape[:2]
        assert results['gt_seg_map'].shape == (rows, columns) == results['img_shape']
        assert abs(rows / columns - height / width) < 0.1
        lengths.add(max(rows, columns))
    assert lengths == {20, 21, 22, 23, 24}


def test_rescale_stays_in_range_and_labels_stay_labels():
    transform = TRANSFORMS.build(dict(type='RandomRescale', factor_range=(0.5, 1.5)))
    assert isinstance(transform, RandomRescale)
    labels = np.where(np.arange(40) < 20, 3, 255).astype(np.uint8)[None].repeat(40, 0)
    sizes = []
    for _ in range(40):
        results = transform(dict(photo(40, 40, label=False), gt_seg_map=labels, seg_fields=['gt_seg_map']))
        side = len(results['img'])
        assert results['gt_seg_map'].shape == (side, side)
        assert set(np.unique(results['gt_seg_map'])) == {3, 255}
        assert abs((results['gt_seg_map'] == 3).mean() - 0.5) < 0.06
        sizes.append(side)
    assert 20 <= min(sizes) < 24 and 56 < max(sizes) <= 60


@pytest.mark.parametrize('factor', [0.5, 0.75, 1.25, 1.75])
@pytest.mark.parametrize('size', [(23, 29), (25, 31), (1, 2)])
def test_half_pixels_are_rounded_as_opencv_does(size, factor):
    results = RandomRescale((factor, factor), by_factor=True).transform(photo(*size))
    expected = cv2.resize(photo(*size)['img'], None, fx=factor, fy=factor) if min(size) > 1 else None
    assert expected is None or results['img'].shape == expected.shape
    assert results['gt_seg_map'].shape == results['img'].shape[:2] == results['img_shape'] and results['img'].size
    plain = RandomRescale((0.5, 0.5)).transform(photo(25, 29))
    assert plain['img'].shape[:2] == (13, 15)  # up, where OpenCV has (12, 14)


@pytest.mark.parametrize('factor', [0.5, 0.7, 1.1, 1.75])
@pytest.mark.parametrize('interpolation', ['bilinear', 'bicubic'])
def test_pixels_labels_and_points_by_factor_are_those_of_opencv(interpolation, factor):
    draw = np.random.default_rng(0)
    image, labels = draw.integers(0, 256, (37, 45, 3), np.uint8), draw.integers(0, 21, (37, 45), np.uint8)
    given = dict(img=image, gt_seg_map=labels, gt_keypoints=np.array([[[10.0, 20.0]]], np.float32))
    found = RandomRescale((factor, factor), interpolation, by_factor=True).transform(given)
    code = dict(bilinear=cv2.INTER_LINEAR, bicubic=cv2.INTER_CUBIC)[interpolation]
    np.testing.assert_array_equal(found['img'], cv2.resize(image, None, fx=factor, fy=factor, interpolation=code))
    nearest = cv2.resize(labels, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)
    np.testing.assert_array_equal(found['gt_seg_map'], nearest)
    np.testing.assert_allclose(found['gt_keypoints'], [[[10 * factor, 20 * factor]]], rtol=1e-6)
    by_size = RandomRescale((factor, factor), interpolation).transform(dict(img=image))['img']
    assert by_size.shape != found['img'].shape or (by_size != found['img']).any()


@pytest.mark.parametrize('side', range(20, 40))
@pytest.mark.parametrize('factor', [0.7, 0.8, 0.9, 1.1])
def test_a_point_of_the_last_pixel_stays_inside_where_a_side_is_rounded_down(side, factor):
    given = dict(img=np.zeros((side, side + 1, 3), np.uint8))
    given['gt_keypoints'] = np.array([[[side + 0.5, side - 0.5]]], np.float32)  # the middle of the last pixel
    found = RandomRescale((factor, factor), by_factor=True).transform(given)
    (x, y), (height, width) = np.floor(found['gt_keypoints'][0, 0]), found['img'].shape[:2]
    assert width - 2 <= x < width and height - 2 <= y < height


def test_two_ways_of_rounding_are_refused():
    with pytest.raises(ValueError, match='^RandomRescale: by_factor rounds as OpenCV does'):
        RandomRescale(by_factor=True, round_down=True)


def test_resize_long_side_is_a_transform_of_its_own_name():
    assert isinstance(TRANSFORMS.build(dict(type='RandomResizeLongSide', length_range=(2, 3))), RandomResizeLongSide)
