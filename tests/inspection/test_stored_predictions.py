"""Predictions of others whose masks would be read beyond their memory, and manifests that are none."""

import json

import numpy as np
import pytest

from projects.wsis.inspection.stored_predictions import find_predictions
from projects.wsis.structures.masks import encode_mask

RLE = encode_mask(np.eye(4, 6) > 0)


def write(path, **change):
    entry = dict(image_id=1, category_id=1, score=0.5, segmentation=RLE)
    images, categories = [dict(id=1, file_name='a.jpg')], [dict(id=1, name='cat')]
    path.write_text(json.dumps(dict(images=images, categories=categories, annotations=[{**entry, **change}])))
    return path


@pytest.mark.parametrize(
    'change, words',
    [
        (dict(segmentation=dict(RLE, counts='0000')), 'do not add up'),
        (dict(segmentation=[[0, 0, 1, 1, 2, 0]]), 'masks are polygons: give RLE'),
        (dict(segmentation=None), 'no RLE with its size'),
        (dict(score='high'), "the score 'high'"),
    ],
)
def test_wrong_instances_are_one_line(tmp_path, change, words):
    assert len(find_predictions(write(tmp_path / 'found.json'), ['cat'])) == 1
    with pytest.raises(ValueError, match=rf'found\.json.*{words}') as caught:
        find_predictions(write(tmp_path / 'found.json', **change), ['cat'])
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('content', ['null', '[]', '{}', '{"artifact": ["cams"]}'])
def test_a_manifest_that_is_none_is_one_line(tmp_path, content):
    (tmp_path / 'manifest.json').write_text(content)
    with pytest.raises(ValueError, match=r'manifest\.json is (damaged|no manifest)'):
        find_predictions(tmp_path, ['cat'])
