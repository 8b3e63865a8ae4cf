"""MultiLabelMetric: AP by hand and by brute force, ties, bad input."""

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.evaluator import Evaluator

from projects.wsis.evaluation.functional import average_precision, f1_scores


def evaluate(scores, tags, classes, **settings):
    evaluator = Evaluator([dict(type='MultiLabelMetric', **settings)])
    evaluator.dataset_meta = dict(classes=classes)
    for photo_scores, photo_tags in zip(scores, tags):
        sample = DetDataSample(metainfo=dict(img_id='photo', mode='predict'))
        if photo_scores is not None:
            sample.pred_scores = torch.as_tensor(photo_scores)
        if photo_tags is not None:
            sample.gt_tags = torch.as_tensor(photo_tags)
        evaluator.process([sample])
    return evaluator.evaluate(len(scores))


def brute_force_ap(scores, tags):
    """Sum over all thresholds of precision times the recall gained."""
    ap, recall = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        predicted = scores >= threshold
        new_recall = (predicted & tags).sum() / tags.sum()
        ap += (new_recall - recall) * (predicted & tags).sum() / predicted.sum()
        recall = new_recall
    return ap


def test_ap_by_hand():
    # ranks: right, wrong, right: precision 1 at recall 1/2, 2/3 at recall 1
    ap = average_precision(np.array([0.9, 0.5, 0.7]), np.array([True, True, False]))
    assert ap == pytest.approx((1 + 2 / 3) / 2)


@pytest.mark.parametrize('levels', [3, 1000])
def test_ap_equals_brute_force_and_ignores_the_order(levels):
    rng = np.random.default_rng(levels)
    scores, tags = rng.integers(0, levels, 60) / levels, rng.random(60) < 0.3
    ap = average_precision(scores, tags)
    assert ap == pytest.approx(brute_force_ap(scores, tags), rel=1e-12)
    order = rng.permutation(60)
    assert average_precision(scores[order], tags[order]) == pytest.approx(ap, rel=1e-12)


def test_a_constant_score_gives_the_share_of_positives():
    tags = np.array([True, False, False, True, False])
    assert average_precision(np.zeros(5), tags) == pytest.approx(0.4)
    assert np.isnan(average_precision(np.zeros(5), np.zeros(5, bool)))


def test_f1_by_hand():
    tags = np.array([[1, 1, 0], [1, 0, 0], [0, 1, 0]], bool)
    predicted = np.array([[1, 0, 1], [1, 0, 0], [1, 0, 0]], bool)
    scores = f1_scores(predicted, tags)
    # class 0: P 2/3, R 1; class 1: never predicted; class 2: no photo has it
    assert scores['CP'] == pytest.approx(1 / 3)
    assert scores['CR'] == pytest.approx(1 / 2)
    assert scores['CF1'] == pytest.approx(2 / 5)
    assert scores['OP'] == pytest.approx(2 / 4)
    assert scores['OR'] == pytest.approx(2 / 4)
    assert scores['OF1'] == pytest.approx(1 / 2)
    assert f1_scores(~tags, tags)['OF1'] == 0


def test_metric_averages_classes_with_positives():
    scores = [[0.9, 0.2, 0.8], [0.5, 0.3, 0.1], [0.7, 0.1, 0.9]]
    tags = [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    metrics = evaluate(scores, tags, ('a', 'b', 'c'), classwise=True)
    assert metrics['multi_label/a_AP'] == pytest.approx(100 * (1 + 2 / 3) / 2)
    assert metrics['multi_label/b_AP'] == 100
    assert 'multi_label/c_AP' not in metrics
    assert metrics['multi_label/mAP'] == pytest.approx(50 * (1 + (1 + 2 / 3) / 2))
    # at .5: a, a, a, c, c predicted; 2 of 5 right, 2 of 3 found
    assert metrics['multi_label/OP'] == pytest.approx(40)
    assert metrics['multi_label/OF1'] == pytest.approx(100 * 2 * 2 / (5 + 3))


def test_one_class_alone_is_measured_where_some_photo_lacks_it():
    metrics = evaluate([[0.9], [0.4], [0.7]], [[1.0], [1.0], [0.0]], ('a',))
    assert metrics['multi_label/mAP'] == pytest.approx(100 * (1 + 2 / 3) / 2)
    # 100 whatever the scores would say nothing
    metrics = evaluate([[0.9], [0.4]], [[1.0], [1.0]], ('a',), classwise=True)
    assert 'multi_label/mAP' not in metrics and 'multi_label/a_AP' not in metrics
    assert metrics['multi_label/CR'] == 50
    metrics = evaluate([[0.9, 0.1], [0.4, 0.3]], [[1.0, 0.0], [1.0, 1.0]], ('a', 'b'))
    assert metrics['multi_label/mAP'] == 100  # of b alone


def test_no_tags_at_all_gives_no_number():
    assert evaluate([[0.5, 0.5]], [None], ('a', 'b')) == {}
    assert evaluate([[0.5, 0.5]], [[0, 0]], ('a', 'b')) == {}


@pytest.mark.parametrize(
    'scores, tags, message',
    [
        (None, [1, 0], 'no `pred_scores`'),
        ([0.5], [1, 0], r'`pred_scores` has the shape \(1,\), the data set has 2 classes'),
        ([0.5, 0.5], [1, 0, 0], '`gt_tags` has the shape'),
        ([0.5, float('inf')], [1, 0], 'not finite'),
    ],
)
def test_bad_input(scores, tags, message):
    with pytest.raises(ValueError, match=message) as error:
        evaluate([scores], [tags], ('a', 'b'))
    assert str(error.value).startswith('MultiLabelMetric: photo photo: ')
