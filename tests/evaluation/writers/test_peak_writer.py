"""Stored peaks that are none."""

import pytest
from mmdet.structures import DetDataSample

from projects.wsis.evaluation.writers import PeakWriter
from projects.wsis.structures import write_json

PEAKS = dict(mode='predict', scores=[0.5, 1.0], points=[{'class': 'cat', 'y': 1, 'x': 2, 'score': 0.5}])


@pytest.mark.parametrize(
    'content, words',
    [
        (None, 'it is a NoneType'),
        (dict(PEAKS, points=[7]), 'an object with'),
        (dict(PEAKS, points=[{'class': 'cow', 'y': 1, 'x': 2}]), "class 'cow' is not in the class list"),
        (dict(PEAKS, points=[{'class': 'cat', 'y': None, 'x': 2}]), 'y is a number of pixels'),
        (dict(PEAKS, scores=[10**400]), 'a class score is 1000'),
        (dict(PEAKS, scores=None), 'its scores are a NoneType'),
        (dict(PEAKS, scores=''), 'its scores are a str'),
        (dict(points=[], scores=[]), "'mode' is missing"),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path, content, words):
    writer = PeakWriter()
    writer.dataset_meta = dict(classes=('cat', 'dog'))
    path = writer.locate(tmp_path).path_of('a')
    write_json(path, PEAKS)
    sample = DetDataSample(metainfo=dict(img_id='a'))
    writer.load(sample)
    assert sample.pred_peaks.points.tolist() == [[1, 2]] and sample.pred_scores.tolist() == [0.5, 1.0]
    write_json(path, content)
    with pytest.raises(ValueError, match=rf'a\.json is damaged \(.*{words}') as caught:
        writer.load(sample)
    assert '\n' not in str(caught.value)
