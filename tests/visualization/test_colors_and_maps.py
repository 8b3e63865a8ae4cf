"""Tests of colours, CAM overlays, boundary maps and the colour wheel."""

import colorsys

import numpy as np
import pytest
import torch

from projects.wsis.visualization import (
    distinct_colors,
    draw_boundary,
    draw_boundary_scale,
    draw_cams,
    draw_color_wheel,
    draw_displacement,
    enlarge_map,
    mute_photo,
    resize_photo,
)

PHOTO = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)


def hue_of(color: np.ndarray) -> float:
    return 360 * colorsys.rgb_to_hsv(*(color / 255))[0]


@pytest.mark.parametrize('count', [0, 1, 10, 25, 80])
def test_colors_differ_and_do_not_depend_on_their_number(count):
    colors = distinct_colors(count)
    assert colors.shape == (count, 3) and colors.dtype == np.uint8
    assert len({tuple(color) for color in colors}) == count
    assert np.array_equal(distinct_colors(count + 7)[:count], colors)


def test_first_colors_are_far_apart():
    colors = distinct_colors(10).astype(float)
    distance = np.linalg.norm(colors[:, None] - colors[None], axis=-1)
    assert distance[~np.eye(10, dtype=bool)].min() > 60


def test_muted_photo_is_paler_and_keeps_its_shape():
    muted = mute_photo(PHOTO)
    assert muted.shape == PHOTO.shape and muted.dtype == np.uint8
    assert np.ptp(muted, axis=2).mean() < np.ptp(PHOTO, axis=2).mean() / 3
    assert muted.mean() > PHOTO.mean()


@pytest.mark.parametrize('size', [(40, 50), (37, 49), (41, 52), (1, 1)])
@pytest.mark.parametrize('stride', [1, 4, 8])
def test_enlarged_map_lies_where_the_photo_is(size, stride):
    rows, columns = ((length - 1) // stride + 1 for length in size)
    y, x = np.mgrid[:rows, :columns]
    # the value of a cell is where its middle is in the photo, so the enlarged map must say where each pixel is
    coordinates = np.stack([y, x]).astype(np.float32) * stride + (stride - 1) / 2
    enlarged = enlarge_map(coordinates, size)
    assert enlarged.shape == (2, *size)
    inner = tuple(slice(2 * stride, length - 3 * stride) for length in size)
    np.testing.assert_allclose(
        enlarged[(slice(None), *inner)], np.mgrid[: size[0], : size[1]][(slice(None), *inner)], atol=0.05 * stride
    )


def test_enlarged_map_refuses_other_photos():
    with pytest.raises(ValueError, match='does not cover'):
        enlarge_map(np.zeros((1, 10, 10)), (40, 50))
    with pytest.raises(ValueError, match=r'\(C, h, w\)'):
        enlarge_map(np.zeros((10, 13)), (40, 50))
    assert enlarge_map(np.zeros((0, 10, 13)), (40, 50)).shape == (0, 40, 50)


def test_cams_have_the_colors_of_their_classes():
    colors = distinct_colors(5)
    cams = torch.zeros(2, 40, 50)
    cams[0, :, :20] = 1
    cams[1, :, 30:] = 1
    drawn = draw_cams(PHOTO, cams, torch.tensor([4, 1]), colors).astype(float)
    nearest = np.linalg.norm(drawn[:, :, None] - colors[None, None], axis=-1).argmin(-1)
    assert (nearest[:, 2:17] == 4).mean() > 0.95 and (nearest[:, 33:] == 1).mean() > 0.95
    # where no class is, the muted photo stays as it is
    assert np.array_equal(drawn[:, 22:28], mute_photo(PHOTO)[:, 22:28])


def test_stronger_cams_cover_more():
    ramp = np.tile(np.linspace(0, 1, 60, dtype=np.float32), (20, 1))[None]
    grey = np.full((20, 60, 3), 120, np.uint8)
    drawn = draw_cams(grey, ramp, np.array([0]))
    distance = np.linalg.norm(drawn.astype(float) - distinct_colors(1)[0], axis=-1).mean(0)
    lines = np.isin(np.arange(60), [k + d for k in (14, 15, 29, 30, 44, 45, 59) for d in (-1, 0, 1, 2)])
    assert (np.diff(distance[~lines]) < 0).all()


def test_no_cam_gives_the_muted_photo_and_misfits_are_refused():
    assert np.array_equal(draw_cams(PHOTO, np.zeros((0, 10, 13)), np.zeros(0, int)), mute_photo(PHOTO))
    with pytest.raises(ValueError, match='K labels'):
        draw_cams(PHOTO, np.zeros((2, 10, 13)), np.zeros(1, int))
    with pytest.raises(ValueError, match='uint8 RGB'):
        draw_cams(PHOTO.astype(float), np.zeros((0, 10, 13)), np.zeros(0, int))


def test_boundary_is_dark_on_white():
    boundary = torch.zeros(1, 10, 12)
    boundary[:, :, 6] = 1
    drawn = draw_boundary(boundary, (80, 96))
    assert drawn.shape == (80, 96, 3) and drawn.dtype == np.uint8
    assert (drawn[:, :32] == 255).all()
    assert drawn[:, 50:54].max() < 100
    scale = draw_boundary_scale(100, 8).astype(int).sum(-1)
    assert scale.shape == (8, 100) and (np.diff(scale[0]) <= 0).all() and scale[0, 0] == 765
    with pytest.raises(ValueError, match='boundary map'):
        draw_boundary(np.zeros((2, 10, 12)), (80, 96))


@pytest.mark.parametrize(
    'vector,hue', [((0, 1), 0), ((1, 1), 45), ((1, 0), 90), ((0, -1), 180), ((-1, 0), 270), ((-1, 1), 315)]
)
def test_hue_is_direction(vector, hue):
    field = torch.tensor(vector, dtype=torch.float32)[:, None, None].expand(2, 6, 7)
    color = draw_displacement(field, (24, 28))[12, 14]
    assert abs((hue_of(color) - hue + 180) % 360 - 180) < 2


def test_length_is_saturation_up_to_the_full_length():
    field = np.zeros((2, 1, 5), np.float32)
    field[1, 0] = (0, 1, 2, 4, 9)
    drawn = draw_displacement(field, (1, 5), full_length=4)[0].astype(int)
    assert tuple(drawn[0]) == (255, 255, 255)
    saturation = (drawn.max(-1) - drawn.min(-1)) / drawn.max(-1)
    np.testing.assert_allclose(saturation, [0, 0.25, 0.5, 1, 1], atol=0.01)
    # without a full length the longest vector of the field has the full colour
    assert np.array_equal(draw_displacement(field[..., :4], (1, 4)), draw_displacement(field[..., :4], (1, 4), 4))
    assert (draw_displacement(np.zeros((2, 3, 3)), (3, 3)) == 255).all()
    with pytest.raises(ValueError, match='displacement field'):
        draw_displacement(np.zeros((3, 4, 4)), (4, 4))


def test_wheel_shows_the_colors_of_the_field():
    wheel = draw_color_wheel(101)
    assert wheel.shape == (101, 101, 3)
    assert (wheel[50, 50] > 250).all() and (wheel[0, 0] == 255).all()
    for (y, x), hue in {(50, 92): 0, (92, 50): 90, (50, 8): 180, (8, 50): 270}.items():
        assert abs((hue_of(wheel[y, x]) - hue + 180) % 360 - 180) < 2
        drawn = draw_displacement(np.array([[[(y - 50) / 50.5]], [[(x - 50) / 50.5]]]), (1, 1), full_length=1)[0, 0]
        assert np.abs(drawn.astype(int) - wheel[y, x]).max() <= 2


def test_photo_is_scaled_both_ways():
    assert resize_photo(PHOTO, (176, 220)).shape == (176, 220, 3)
    small = resize_photo(np.full((400, 300, 3), 77, np.uint8), (20, 15))
    assert small.shape == (20, 15, 3) and (small == 77).all()
