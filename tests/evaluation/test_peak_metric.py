"""PeakMetric by hand."""

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData

from projects.wsis.structures.masks import encode_mask


def box(rows, columns):
    mask = np.zeros((10, 12), bool)
    mask[slice(*rows), slice(*columns)] = True
    return mask


def sample_of(peaks, objects):
    """Peaks (y, x, label, score), objects (mask, label)."""
    sample = DetDataSample(metainfo=dict(img_id='a', ori_shape=(10, 12), mode='pseudo_label'))
    if objects is not None:
        instances = [dict(mask=encode_mask(mask), bbox_label=label) for mask, label in objects]
        sample.set_metainfo(dict(instances=instances))
    rows = torch.tensor(peaks).reshape(-1, 4)
    sample.pred_peaks = InstanceData(points=rows[:, :2].long(), labels=rows[:, 2].long(), scores=rows[:, 3])
    return sample


def evaluate(*samples, **settings):
    evaluator = Evaluator([dict(type='PeakMetric', **settings)])
    evaluator.dataset_meta = dict(classes=('cat', 'dog'))
    for sample in samples:
        evaluator.process([sample])
    return evaluator.evaluate(len(samples))


def test_by_hand():
    objects = [(box((0, 5), (0, 4)), 0), (box((0, 5), (6, 12)), 0), (box((6, 10), (0, 12)), 1)]
    peaks = [
        [1.0, 1.0, 0, 0.9],  # on the first cat
        [2.0, 3.0, 0, 0.8],  # on it too
        [3.0, 7.0, 0, 0.71],  # on the second
        [7.0, 2.0, 0, 0.9],  # a cat on the dog
        [8.0, 8.0, 1, 0.7],  # not over the threshold
    ]
    found = evaluate(sample_of(peaks, objects), sample_of([], [(box((0, 2), (0, 2)), 1)]))
    assert found == {'peak/precision': 75.0, 'peak/recall': 50.0, 'peak/single': 25.0}
    lower = evaluate(sample_of(peaks, objects), score_threshold=0.5)
    assert lower['peak/precision'] == 80.0 and lower['peak/recall'] == 100.0
    assert lower['peak/single'] == pytest.approx(200 / 3)


def test_no_peak_no_object_no_truth():
    assert evaluate(sample_of([], [(box((0, 2), (0, 2)), 1)])) == {'peak/recall': 0.0, 'peak/single': 0.0}
    assert evaluate(sample_of([[1.0, 1.0, 0, 0.9]], [])) == {'peak/precision': 0.0}
    assert evaluate(sample_of([[1.0, 1.0, 0, 0.9]], None)) == {}


def test_prediction_is_needed():
    sample = DetDataSample(metainfo=dict(img_id='a', ori_shape=(10, 12), instances=[]))
    with pytest.raises(ValueError, match='photo a: the data sample has no `pred_peaks`'):
        evaluate(sample)
