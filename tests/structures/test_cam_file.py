"""Stored CAMs that are no CAMs."""

import numpy as np
import pytest

from projects.wsis.datasets.transforms import LoadCAMs
from projects.wsis.structures import PseudoLabelStore
from projects.wsis.structures.cam_file import read_cams

CAMS = dict(
    cams=np.ones((2, 4, 6), np.float16),
    labels=np.array([0, 1]),
    size=np.array([4, 6]),
    scores=np.ones(2, np.float32),
    mode=np.array('predict'),
)


def test_what_is_written_is_read(tmp_path):
    store = PseudoLabelStore(tmp_path, 'cams', '.npz')
    store.write_arrays('a', **CAMS)
    assert all(np.array_equal(CAMS[name], array) for name, array in read_cams(store, 'a').items())


@pytest.mark.parametrize(
    'change, words',
    [
        (dict(size=np.array([np.nan, 6])), r'size is an array of shape \(2,\) and type float64'),
        (dict(mode=np.array(1)), 'mode is an array'),
        (dict(size=np.array([4])), 'size is an array'),
        (dict(labels=np.array([0])), '2 CAMs have 1 labels'),
        (dict(cams=np.float16(1)), 'cams is an array'),
        (dict(mode=None), "'mode' is missing"),
    ],
)
def test_other_arrays_are_one_line(tmp_path, change, words):
    arrays = {name: array for name, array in {**CAMS, **change}.items() if array is not None}
    PseudoLabelStore(tmp_path, 'cams', '.npz').write_arrays('a', **arrays)
    with pytest.raises(ValueError, match=rf'a\.npz is damaged \(.*{words}.*\); delete it and make it again') as caught:
        LoadCAMs()(dict(cam_dir=str(tmp_path), img_id='a'))
    assert '\n' not in str(caught.value)
