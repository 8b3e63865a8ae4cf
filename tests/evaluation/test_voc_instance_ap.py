"""VOC instance AP as pure functions: golden numbers, ties, matching by hand."""

from pathlib import Path

import numpy as np
import pytest
from pycocotools import mask as mask_api

from projects.wsis.evaluation.functional import (
    mask_iou,
    match_instances,
    match_photo,
    to_rle,
    voc_average_precision,
    voc_instance_ap,
)

GOLDEN = Path(__file__).parents[1] / 'data' / 'golden' / 'voc_ap.npz'


@pytest.fixture(scope='module')
def golden():
    with np.load(GOLDEN, allow_pickle=False) as file:
        return dict(file)


def golden_photos(golden, name, as_rle):
    for index in range(int(golden[f'{name}_num_images'])):
        photo = [
            golden[f'{name}_img{index:02d}_{key}']
            for key in ('pred_masks', 'pred_labels', 'pred_scores', 'gt_masks', 'gt_labels')
        ]
        if as_rle:
            photo[0] = [to_rle(mask) for mask in photo[0]]
        photo[3] = [to_rle(mask) for mask in photo[3]]
        yield photo


def evaluate(golden, name, convention, as_rle=True):
    photos = [match_photo(*photo, golden['iou_thresholds']) for photo in golden_photos(golden, name, as_rle)]
    return voc_instance_ap(photos, 7, convention)


@pytest.mark.parametrize('as_rle', [True, False])
@pytest.mark.parametrize('convention, key', [('area', 'area'), ('11points', '07')])
def test_golden_main(golden, convention, key, as_rle):
    ap = evaluate(golden, 'main', convention, as_rle)
    np.testing.assert_array_equal(ap, golden[f'main_ap_{key}'])
    np.testing.assert_allclose(np.nanmean(ap, axis=1), golden[f'main_map_{key}'], rtol=1e-14)


@pytest.mark.parametrize('as_rle', [True, False])
@pytest.mark.parametrize('convention, key', [('area', 'area'), ('11points', '07')])
def test_golden_ties_go_earlier_first(golden, convention, key, as_rle):
    ap = evaluate(golden, 'ties', convention, as_rle)
    np.testing.assert_array_equal(ap, golden[f'ties_ap_{key}_first'])
    # the data can tell the orders apart
    assert not np.allclose(ap, golden[f'ties_ap_{key}_stable_reversed'], equal_nan=True)


def test_iou_of_rle_and_booleans_is_identical():
    rng = np.random.default_rng(0)
    predicted = rng.random((9, 23, 31)) < rng.random((9, 1, 1))
    true = rng.random((5, 23, 31)) < rng.random((5, 1, 1)) * 0.3
    predicted[3] = False
    true[2] = False
    rles = [to_rle(mask) for mask in true]
    expected = [[np.float32((p & t).sum() / max((p | t).sum(), 1)) for t in true] for p in predicted]
    np.testing.assert_array_equal(mask_iou(predicted, rles), expected)
    np.testing.assert_array_equal(mask_iou([to_rle(p) for p in predicted], rles), expected)
    np.testing.assert_array_equal(mask_iou(predicted.transpose(0, 2, 1).copy().transpose(0, 2, 1), rles), expected)


def test_iou_of_nothing_has_the_right_shape():
    rle = to_rle(np.ones((3, 4), bool))
    assert mask_iou([], [rle]).shape == (0, 1)
    assert mask_iou(np.ones((2, 3, 4), bool), []).shape == (2, 0)


def test_to_rle_takes_all_forms():
    mask = np.zeros((6, 8), bool)
    mask[1:4, 2:7] = True
    rle = to_rle(mask)
    runs = np.flatnonzero(np.diff(mask.T.ravel(), prepend=False, append=False))
    counts = np.diff(runs, prepend=0, append=mask.size).tolist()
    for form in (
        dict(size=[6, 8], counts=counts),
        dict(size=[6, 8], counts=rle['counts'].decode()),
        rle,
    ):
        np.testing.assert_array_equal(mask_api.decode(to_rle(form)), mask)
    polygon = [[2, 1, 7, 1, 7, 4, 2, 4]]
    np.testing.assert_array_equal(mask_api.decode(to_rle(polygon, (6, 8))), mask)
    with pytest.raises(ValueError, match='needs the size'):
        to_rle(polygon)
    with pytest.raises(ValueError, match='neither a COCO RLE'):
        to_rle('mask')


def test_second_prediction_on_a_taken_instance_is_wrong():
    # both prefer instance 0; the later one would also pass on the free instance 1
    iou = np.array([[0.6, 0.0], [0.9, 0.8]])
    matches = match_instances(iou, np.array([0.9, 0.5]), [0.5, 0.7])
    np.testing.assert_array_equal(matches, [[1, 0], [0, 1]])


def test_equal_scores_and_equal_iou_go_to_the_first():
    matches = match_instances(np.full((3, 2), 0.5), np.ones(3), [0.5])
    np.testing.assert_array_equal(matches, [[1, 0, 0]])


def test_exact_overlap_passes_in_float32():
    matches = match_instances(np.array([[7 / 10]], np.float32), np.ones(1), [0.7, 0.70001])
    np.testing.assert_array_equal(matches, [[1], [0]])


def test_ignored_instances_neither_help_nor_hurt():
    iou = np.array([[0.9, 0.0], [0.0, 0.9], [0.8, 0.0], [0.1, 0.1]])
    ignored = np.array([True, False])
    matches = match_instances(iou, np.array([0.9, 0.8, 0.7, 0.6]), [0.5], ignored)
    np.testing.assert_array_equal(matches, [[-1, 1, -1, 0]])
    assert voc_average_precision(matches[0], np.array([0.9, 0.8, 0.7, 0.6]), 1) == 1.0


def test_average_precision_by_hand():
    # ranks: right, wrong, right; 4 true. Envelope: 1 up to recall 1/4, 2/3 up to 2/4.
    matches, scores = np.array([1, 1, 0]), np.array([0.9, 0.1, 0.5])
    area = voc_average_precision(matches, scores, 4, 'area')
    assert area == pytest.approx(1 / 4 + 1 / 4 * 2 / 3)
    # recalls 0, .1, .2 get 1; .3, .4, .5 get 2/3
    points = voc_average_precision(matches, scores, 4, '11points')
    assert points == pytest.approx((3 + 3 * 2 / 3) / 11)


def test_average_precision_edges():
    none = np.zeros(0)
    assert np.isnan(voc_average_precision(np.array([0]), np.array([0.5]), 0))
    assert voc_average_precision(none, none, 3, 'area') == 0
    assert voc_average_precision(none, none, 3, '11points') == 0
    with pytest.raises(ValueError, match='unknown'):
        voc_average_precision(none, none, 3, '101points')


def test_lower_scored_mistakes_never_change_the_area():
    rng = np.random.default_rng(1)
    matches, scores = (rng.random(40) < 0.5).astype(int), rng.random(40) + 1
    before = voc_average_precision(matches, scores, 30)
    after = voc_average_precision(np.append(matches, [0] * 9), np.append(scores, rng.random(9)), 30)
    assert 0 < before < 1 and after == before
