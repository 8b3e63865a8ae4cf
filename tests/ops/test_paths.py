"""Destinations and paths of the pair search."""

import numpy as np
import pytest

from projects.wsis.ops import search_paths
from projects.wsis.ops.affinity import source_size
from projects.wsis.ops.paths import path_steps


@pytest.mark.parametrize('radius', [5, 10])
def test_golden(golden, radius):
    arrays = golden('irn_paths')
    paths = search_paths(radius)
    np.testing.assert_array_equal([path.destination for path in paths], arrays[f'r{radius}_dst'])
    np.testing.assert_array_equal([len(path.pixels) for path in paths], arrays[f'r{radius}_path_len'])
    for path, expected in zip(paths, arrays[f'r{radius}_paths']):
        np.testing.assert_array_equal(path.pixels, expected[: len(path.pixels)])


def test_golden_source_region(golden):
    arrays = golden('irn_paths')
    height, width = arrays['r5_size']
    rows, columns = source_size(height, width, 5)
    places = np.arange(height * width).reshape(height, width)[:rows, 4 : 4 + columns]
    np.testing.assert_array_equal(places.ravel(), arrays['r5_src_indices'])
    destinations = [places + y * width + x for y, x in (path.destination for path in search_paths(5))]
    np.testing.assert_array_equal(np.reshape(destinations, (len(destinations), -1)), arrays['r5_dst_indices'])


@pytest.mark.parametrize('radius', [2, 3, 7])
def test_pairs_cover_the_disc_once(radius):
    destinations = [path.destination for path in search_paths(radius)]
    both_ways = {*destinations, *((-y, -x) for y, x in destinations)}
    disc = {
        (y, x)
        for y in range(-radius, radius + 1)
        for x in range(-radius, radius + 1)
        if 0 < y * y + x * x < radius * radius
    }
    assert both_ways == disc and len(both_ways) == 2 * len(destinations)


def test_ends_belong_to_the_path():
    for destination, pixels in search_paths(6):
        assert pixels[0] == destination and pixels[-1] == (0, 0)
        assert len(set(pixels)) == len(pixels)


@pytest.mark.parametrize('radius', [2, 5, 10])
def test_steps_lead_along_every_path(radius):
    paths, way, seen = search_paths(radius), [], []
    for channel, destination, depth, pixels in path_steps(radius):
        assert depth <= len(way) and pixels
        way[depth:] = [pixels]
        assert destination == paths[channel].destination
        assert paths[channel].pixels == ((0, 0), *(pixel for step in way for pixel in step))[::-1]
        seen.append(channel)
    assert sorted(seen) == list(range(len(paths)))


def test_steps_are_fewer_than_the_pixels_of_the_paths():
    assert sum(len(step.pixels) for step in path_steps(10)) == 958
    assert sum(len(path.pixels) - 1 for path in search_paths(10)) == 1982


def test_same_object_again():
    assert search_paths(5) is search_paths(5)


@pytest.mark.parametrize('radius', [1, 0, -3, 2.5, True])
def test_bad_radius(radius):
    with pytest.raises(ValueError, match='radius must be an integer >= 2'):
        search_paths(radius)
