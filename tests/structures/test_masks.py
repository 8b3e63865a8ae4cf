"""Instances from VOC maps, RLE, index pictures."""

import json

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from projects.wsis.structures.masks import (
    check_encoded,
    encode_mask,
    encode_segmentation,
    find_innermost_point,
    masks_to_instances,
    read_index_png,
)


def test_instances_of_a_hand_made_map():
    semantic = np.array([[0, 3, 3, 255], [0, 3, 3, 1], [0, 0, 255, 1]], np.uint8)
    instance = np.array([[0, 2, 2, 255], [0, 2, 2, 7], [0, 0, 2, 7]], np.uint8)
    first, second = masks_to_instances(semantic, instance)
    assert (first['bbox_label'], first['bbox'], first['ignore_flag']) == (2, [1.0, 0.0, 3.0, 2.0], 0)
    assert (second['bbox_label'], second['bbox']) == (0, [3.0, 1.0, 4.0, 3.0])
    assert coco_mask.decode(first['mask']).tolist() == [[0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]


def test_class_of_an_instance_is_that_of_most_of_its_pixels_and_classless_ones_are_left_out():
    semantic = np.array([[2, 2, 1, 0, 255]], np.uint8)
    instance = np.array([[1, 1, 1, 4, 5]], np.uint8)
    (only,) = masks_to_instances(semantic, instance)
    assert only['bbox_label'] == 1 and only['bbox'] == [0.0, 0.0, 3.0, 1.0]
    assert masks_to_instances(np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.uint8)) == []


def test_innermost_point_is_on_the_object_and_off_the_border():
    ring = np.zeros((21, 31), bool)
    ring[2:19, 2:29] = True
    ring[6:15, 6:20] = False  # its centroid is in the hole; the right side is the widest
    y, x = find_innermost_point(ring)
    assert ring[y, x] and 22 <= x <= 26
    assert find_innermost_point(np.ones((9, 15), bool))[0] == 4  # the picture's border counts as outside


def test_rle_goes_through_json():
    mask = np.random.default_rng(0).random((17, 23)) > 0.5
    encoded = json.loads(json.dumps(encode_mask(mask)))
    assert np.array_equal(coco_mask.decode(encoded), mask)


@pytest.mark.parametrize('mode', ['P', 'L'])
def test_index_png(tmp_path, mode):
    indices = np.array([[0, 1], [20, 255]], np.uint8)
    picture = Image.fromarray(indices)
    if mode == 'P':
        picture = Image.new('P', (2, 2))
        picture.putdata(indices.ravel().tolist())
        picture.putpalette([7] * 768)
    picture.save(tmp_path / 'mask.png')
    assert np.array_equal(read_index_png(tmp_path / 'mask.png'), indices)


def test_bad_masks_get_one_line(tmp_path):
    Image.new('RGB', (2, 2)).save(tmp_path / 'colour.png')
    (tmp_path / 'damaged.png').write_bytes(b'nothing')
    for name, message in (('colour', 'colour picture'), ('damaged', 'cannot be read'), ('missing', 'cannot be read')):
        with pytest.raises(ValueError, match=message) as caught:
            read_index_png(tmp_path / f'{name}.png')
        assert f'{name}.png' in str(caught.value) and '\n' not in str(caught.value)


@pytest.mark.parametrize(
    'segmentation, words',
    [
        ([[0, 0, 1e308, 0, 3, 3]], 'other than numbers within 1,000,000 pixels'),
        ([[0, 0, float('nan'), 0, 3, 3]], 'other than numbers'),
        ([[0, 0, 10**400, 0, 3, 3]], 'other than numbers'),
        ([[0, 0, '1', 0, 3, 3]], 'other than numbers'),
        ([[0, 0, 1, 0, 3, 3, 4]], 'not a list of x, y, x, y'),
        (7, 'neither polygons nor RLE'),
        (dict(size=True, counts=[24]), 'a mask has the size True'),
        (dict(size='a\nb', counts=[24]), 'a mask has the size'),
    ],
)
def test_outlines_that_would_end_the_process_are_refused(segmentation, words):
    with pytest.raises(ValueError, match=words) as caught:
        encode_segmentation(segmentation, (4, 6))
    assert '\n' not in str(caught.value)


def test_whole_rle_passes():
    check_encoded(encode_mask(np.eye(4, 6) > 0))
    check_encoded(encode_mask(np.zeros((4, 6), bool)))


@pytest.mark.parametrize(
    'change, words',
    [
        (dict(counts='014000005'), 'do not add up to its 4x6 pixels'),
        (dict(counts='é'), 'do not add up'),
        (dict(counts=None), 'do not add up'),
        (dict(size=[4, 7]), 'do not add up to its 4x7 pixels'),
        (dict(size=[10**9, 10**9]), 'has the size'),
        (dict(size=[-4, -6]), 'has the size'),
        (dict(size=None), 'no RLE with its size'),
        (dict(size=[4.0, 6]), 'no RLE with its size'),
    ],
)
def test_rle_that_pycocotools_would_read_beyond_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        check_encoded({**encode_mask(np.eye(4, 6) > 0), **change})
    with pytest.raises(ValueError, match='no RLE'):
        check_encoded([[0, 0, 1, 1]])
