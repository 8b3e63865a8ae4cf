"""ResizeWithin is mmcv's Resize, but for photos that are much longer than wide."""

import numpy as np
import pytest
from mmcv.transforms import Resize

from projects.wsis.datasets.transforms import ResizeWithin


@pytest.mark.parametrize('size', [(30, 50), (61, 20), (1, 1), (97, 98)])
def test_same_as_mmcv(size):
    photo = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    ours, mmcvs = (
        transform(dict(img=photo)) for transform in (ResizeWithin((80, 40)), Resize(scale=(80, 40), keep_ratio=True))
    )
    assert np.array_equal(ours['img'], mmcvs['img'])
    assert ours['scale_factor'] == mmcvs['scale_factor'] and ours['img_shape'] == mmcvs['img_shape']


@pytest.mark.parametrize('size, expected', [((1, 2000), (1, 80)), ((9000, 2), (80, 1))])
def test_no_side_vanishes(size, expected):
    results = ResizeWithin((80, 40))(dict(img=np.zeros((*size, 3), np.uint8)))
    assert results['img'].shape[:2] == results['img_shape'] == expected
