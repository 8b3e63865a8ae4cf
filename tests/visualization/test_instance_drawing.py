"""Tests of drawing instances and of colours that stay with an object."""

import numpy as np
import pytest
import torch

from projects.wsis.visualization import distinct_colors, draw_instances, match_colors, mute_photo

PHOTO = np.random.default_rng(1).integers(0, 256, (60, 80, 3), np.uint8)


def boxes(*corners: tuple[int, int, int, int]) -> np.ndarray:
    masks = np.zeros((len(corners), 60, 80), bool)
    for mask, (y1, x1, y2, x2) in zip(masks, corners):
        mask[y1:y2, x1:x2] = True
    return masks


LEFT, RIGHT, BOTH = (10, 5, 50, 35), (10, 45, 50, 75), (10, 5, 50, 75)


def test_objects_keep_their_number_in_any_order():
    reference = boxes(LEFT, RIGHT)
    assert match_colors(boxes(RIGHT, LEFT), reference).tolist() == [1, 0]
    # what matches nothing, and a second match of an object, get new numbers
    assert match_colors(boxes((52, 0, 60, 80), (10, 6, 50, 36), LEFT), reference).tolist() == [2, 3, 0]
    assert match_colors(boxes(BOTH), reference).tolist() == [0]
    assert match_colors(torch.from_numpy(boxes(LEFT)), torch.zeros(0, 60, 80)).tolist() == [0]
    assert match_colors(np.zeros((0, 60, 80)), reference).tolist() == []


def test_masks_have_their_colors_and_the_rest_stays():
    masks = boxes(LEFT, RIGHT)
    drawn = draw_instances(PHOTO, masks, ['', ''], numbers=[3, 0]).astype(float)
    colors = distinct_colors(4).astype(float)
    muted = mute_photo(PHOTO).astype(float)
    for mask, color in zip(masks, colors[[3, 0]]):
        inner = np.zeros_like(mask)
        inner[13:47] = mask[13:47]
        inner &= np.roll(mask, 3, 1) & np.roll(mask, -3, 1)
        expected = muted[inner] + 0.55 * (color - muted[inner])
        np.testing.assert_allclose(drawn[inner], expected, atol=1)
    outside = ~(boxes((7, 2, 53, 38), (7, 42, 53, 78)).any(0))
    np.testing.assert_array_equal(drawn[outside], muted[outside])


def test_small_instances_lie_on_large_ones():
    inner = (20, 20, 40, 60)
    for order in ((0, 1), (1, 0)):
        masks, numbers = boxes(BOTH, inner)[list(order)], np.array([0, 1])[list(order)]
        drawn = draw_instances(PHOTO, masks, ['', ''], numbers).astype(float)
        distance = np.linalg.norm(drawn[25:35, 25:55, None] - distinct_colors(2)[None, None], axis=-1)
        assert (distance.argmin(-1) == 1).all()


def test_labels_are_written_inside_and_do_not_cover_each_other():
    bare = draw_instances(PHOTO, boxes(BOTH), [''])
    named = draw_instances(PHOTO, boxes(BOTH), ['bird'])
    rows, columns = np.nonzero((bare != named).any(-1))
    assert 8 <= np.ptp(rows) <= 24 and abs(rows.mean() - 30) < 4 and 15 < np.ptp(columns) < 60
    # two masks at the same place: the second label moves off the first
    two = draw_instances(PHOTO, boxes(BOTH, BOTH), ['bird', 'bird'])
    rows, _ = np.nonzero((draw_instances(PHOTO, boxes(BOTH, BOTH), ['', '']) != two).any(-1))
    assert np.ptp(rows) >= 28


def test_masks_are_scaled_to_the_photo():
    masks = boxes(LEFT)
    tall = draw_instances(np.full((180, 240, 3), 90, np.uint8), masks, [''])
    changed = (tall != mute_photo(np.full((180, 240, 3), 90, np.uint8))).any(-1)
    rows, columns = np.nonzero(changed)
    assert abs(rows.min() - 30) < 5 and abs(rows.max() - 149) < 5
    assert abs(columns.min() - 15) < 5 and abs(columns.max() - 104) < 5


def test_no_instances_and_empty_masks():
    assert np.array_equal(draw_instances(PHOTO, np.zeros((0, 60, 80)), []), mute_photo(PHOTO))
    assert np.array_equal(draw_instances(PHOTO, np.zeros((1, 60, 80), bool), ['bird']), mute_photo(PHOTO))
    with pytest.raises(ValueError, match='N names'):
        draw_instances(PHOTO, boxes(LEFT), [])
