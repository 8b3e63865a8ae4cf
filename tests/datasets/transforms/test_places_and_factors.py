"""Resizing by one of several factors, and where small photos lie on the ground of a crop."""

import numpy as np
import pytest

from projects.wsis.apis.configs import load_config
from projects.wsis.datasets.transforms import RandomCropAndPad, RandomRescale, ResizeToMultiplePlusOne


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
    'settings, size', [(dict(round_down=True), (10, 12)), (dict(by_factor=True), (10, 12)), (dict(), (11, 13))]
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


# sizes of photos in the official BESTIE code: of the file, after its resizing, and after its scales .7, .9, 1.1, 1.3
OFFICIAL_SIZES = [
    ((375, 500), (353, 449), [(247, 314), (318, 404), (388, 494), (459, 584)]),
    ((500, 333), (449, 321), [(314, 225), (404, 289), (494, 353), (584, 417)]),
    ((281, 500), (257, 449), [(180, 314), (231, 404), (283, 494), (334, 584)]),
    ((442, 500), (417, 449), [(292, 314), (375, 404), (459, 494), (542, 584)]),
    ((100, 142), (321, 449), [(225, 314), (289, 404), (353, 494), (417, 584)]),
    ((500, 112), (449, 129), [(314, 90), (404, 116), (494, 142), (584, 168)]),
    ((13, 500), (33, 449), [(23, 314), (30, 404), (36, 494), (43, 584)]),
    ((487, 486), (449, 449), [(314, 314), (404, 404), (494, 494), (584, 584)]),
]


@pytest.fixture(scope='module')
def bestie_steps():
    """The steps of BESTIE's reference config that change the size of a photo, by their types."""
    pipeline = load_config('configs/bestie/bestie_hrnet48_reference_voc2012.py').train_pipeline
    assert [step.type for step in pipeline[4:6]] == ['ResizeToMultiplePlusOne', 'RandomRescale']
    return {step.pop('type'): step for step in pipeline}


@pytest.mark.parametrize('size, resized, scaled', OFFICIAL_SIZES)
def test_sizes_are_those_of_bestie(bestie_steps, size, resized, scaled):
    results = ResizeToMultiplePlusOne(**bestie_steps['ResizeToMultiplePlusOne']).transform(photo(*size))
    assert results['img'].shape[:2] == results['gt_seg_map'].shape == results['img_shape'] == resized
    settings = bestie_steps['RandomRescale']
    assert [*settings['factors']] == [0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3]
    for factor, expected in zip(settings['factors'][::2], scaled):
        transform = RandomRescale(**{**settings, 'factors': (factor,)})
        assert transform.transform(photo(*resized))['img'].shape[:2] == expected


def test_label_map_and_points_go_along_when_the_shape_changes():
    results = photo(12, 17)
    results['gt_seg_map'] = (np.arange(12)[:, None] // 4 * 3 + np.arange(17) // 6).astype(np.uint8)
    results['gt_keypoints'] = np.array([[[0.5, 0.5]], [[16.5, 11.5]]], np.float32)
    results = ResizeToMultiplePlusOne(long_side=37, divisor=4).transform(results)
    labels = results['gt_seg_map']
    assert labels.shape == (29, 37)
    # where the blocks of this map begin after the official resizing
    assert np.flatnonzero(np.diff(labels[0])).tolist() == [13, 26]
    assert np.flatnonzero(np.diff(labels[:, 0].astype(int))).tolist() == [9, 19]
    places = np.array([[0.5 * 37 / 17, 0.5 * 29 / 12], [16.5 * 37 / 17, 11.5 * 29 / 12]])
    assert results['gt_keypoints'][:, 0] == pytest.approx(places, abs=1e-4)


@pytest.mark.parametrize('long_side, divisor', [(448, 32), (1, 32), (449, 0)])
def test_long_side_that_is_no_multiple_plus_one_gets_one_line(long_side, divisor):
    with pytest.raises(ValueError, match=f'multiple of divisor plus one, not {long_side} for {divisor}'):
        ResizeToMultiplePlusOne(long_side, divisor)
