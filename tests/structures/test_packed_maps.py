"""Packing half-precision maps."""

import cv2
import numpy as np
import pytest

from projects.wsis.structures import PseudoLabelStore
from projects.wsis.structures.packed_maps import pack_maps, unpack_maps


def draw_cams(size, classes=2):
    """Draw CAMs of stride 4 as of a network of stride 16 that sees far: smooth, and nowhere zero."""
    random = np.random.default_rng(0)
    rows, columns = (-(-length // 4) for length in size)
    coarse = random.normal(size=(classes, -(-size[0] // 16), -(-size[1] // 16))).astype(np.float32)
    maps = np.stack([cv2.resize(cv2.GaussianBlur(one, (0, 0), 2), (columns, rows)) for one in coarse])
    maps -= maps.min((1, 2), keepdims=True)
    return (maps / maps.max((1, 2), keepdims=True)).astype(np.float16)


@pytest.mark.parametrize('shape', [(3, 7, 5), (1, 1, 1), (0, 4, 6), (2, 0, 3), (2, 1, 9), (2, 9, 1)])
def test_every_bit_comes_back(shape):
    bits = np.random.default_rng(1).integers(0, 2**16, shape, dtype=np.uint16)  # also NaN, infinity and -0
    maps = bits.view(np.float16)
    assert np.array_equal(unpack_maps(pack_maps(maps)).view(np.uint16), bits)


def test_views_are_packed_too():
    maps = draw_cams((64, 96))[:, ::-1, ::2]
    assert np.array_equal(unpack_maps(pack_maps(maps)), maps)


@pytest.mark.parametrize(
    'packed', [np.zeros((3, 1, 2, 2), np.uint8), np.zeros((2, 1, 2, 2)), np.zeros((2, 4), np.uint8)]
)
def test_other_arrays_are_refused(packed):
    with pytest.raises(ValueError, match='packed maps are an array of shape'):
        unpack_maps(packed)


@pytest.mark.parametrize('size', [(375, 500), (2000, 3000)])
def test_stored_cams_take_less_than_two_percent_of_float32_maps_of_the_photo(tmp_path, size):
    cams = draw_cams(size)
    store = PseudoLabelStore(tmp_path, 'cams', '.npz')
    store.write_arrays('a', cams=cams, labels=np.arange(2), size=np.array(size), scores=np.ones(2, np.float32))
    taken = store.path_of('a').stat().st_size
    plain = tmp_path / 'plain.npz'
    np.savez_compressed(plain, cams=cams, labels=np.arange(2), size=np.array(size), scores=np.ones(2, np.float32))
    two_percent = 0.02 * 4 * len(cams) * size[0] * size[1]
    assert taken <= two_percent < plain.stat().st_size
    found = store.read_arrays('a')
    assert found['cams'].dtype == np.float16 and np.array_equal(found['cams'], cams)


def test_a_file_that_was_written_before_maps_were_packed_is_read(tmp_path):
    cams = draw_cams((64, 96))
    np.savez_compressed(tmp_path / 'a.npz', cams=cams)
    assert np.array_equal(PseudoLabelStore(tmp_path, 'cams', '.npz').read_arrays('a')['cams'], cams)


def test_damaged_packed_maps_are_named_in_one_line(tmp_path):
    np.savez_compressed(tmp_path / 'a.npz', cams_packed=np.zeros((3, 1, 2, 2), np.uint8))
    with pytest.raises(
        ValueError, match=r'a\.npz is damaged \(packed maps are .*\); delete it and make it again'
    ) as error:
        PseudoLabelStore(tmp_path, 'cams', '.npz').read_arrays('a')
    assert '\n' not in str(error.value)
