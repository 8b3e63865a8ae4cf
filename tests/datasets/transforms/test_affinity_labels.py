"""Mining AffinityNet's labels: the rules by hand, the CRF of scores."""

from pathlib import Path

import label_mining
import numpy as np
import pytest
from label_mining import BLANK, square_photo

from projects.wsis.apis.configs import load_config
from projects.wsis.datasets.transforms import GenerateAffinityLabels, affinity_labels
from projects.wsis.ops.dense_crf import refine_scores_with_crf


def mine(cams, labels, image=BLANK, **settings):
    return label_mining.mine(GenerateAffinityLabels(**settings), cams, labels, image)


def test_rules_by_hand_without_crf():
    """.5^4 = .06 < .5: foreground; .8^4 = .41 > .2 and .8^24 = .005 < .2: unsure; .98^24 = .62 > .02: background."""
    cams = [[[0.5, 0.2, 0.02], [0.1, 0.0, 0.3]], [[0.2, 0.1, 0.01], [0.6, 0.0, 0.29]]]
    assert mine(cams, [4, 7], crf=None).tolist() == [[5, 255, 0], [8, 0, 5]]


def test_alphas_move_the_thresholds():
    cams = [[[0.5, 0.2, 0.02], [0.1, 0.0, 0.3]]]
    assert mine(cams, [0], crf=None, low_alpha=1.0).tolist() == [[255, 255, 0], [255, 0, 255]]
    assert mine(cams, [0], crf=None, low_alpha=4.0, high_alpha=4.0).tolist() == [[1, 0, 0], [0, 0, 1]]


def test_background_wins_where_the_two_refinements_disagree(monkeypatch):
    calls = []

    def swap(image, scores, **settings):
        calls.append((scores.copy(), settings))
        labels = np.array([[1, 1, 1], [0, 0, 0]] if len(calls) == 1 else [[0, 1, 1], [1, 0, 1]])
        return np.stack([labels == 0, labels == 1]).astype(np.float32)

    monkeypatch.setattr(affinity_labels, 'refine_scores_with_crf', swap)
    assert mine([[[0.5, 0.2, 0.0], [0.0, 0.2, 1.0]]], [2], crf=dict(iterations=3)).tolist() == [
        [0, 3, 3],
        [255, 0, 255],
    ]
    for (scores, settings), alpha in zip(calls, (4, 24)):
        assert scores.shape == (2, 2, 3) and settings == dict(iterations=3)
        np.testing.assert_allclose(scores[0], (1 - scores[1]) ** alpha, rtol=1e-6)


def test_crf_of_scores():
    image, mask = square_photo()
    scores = np.stack([np.where(mask, 0.4, 0.6), np.where(mask, 0.6, 0.4)]).astype(np.float32)
    scores[:, 20, 20] = (0.9, 0.1)  # one wrong pixel
    refined = refine_scores_with_crf(image, scores)
    assert refined.dtype == np.float32 and refined.shape == scores.shape
    np.testing.assert_allclose(refined.sum(0), 1, atol=1e-5)
    assert np.array_equal(refined.argmax(0) == 1, mask)
    turned = refine_scores_with_crf(image.transpose(1, 0, 2), scores.transpose(0, 2, 1))  # not contiguous
    assert np.array_equal(turned.argmax(0) == 1, mask.T)
    assert np.array_equal(refine_scores_with_crf(image, scores[:1]), np.ones((1, 40, 48)))


@pytest.fixture(scope='module')
def golden():
    path = Path(__file__).resolve().parents[2] / 'data' / 'golden' / 'crf_labels.npz'
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def mine_golden(golden, name, **settings):
    low, high = golden[f'{name}_alpha']
    photo = golden['image'][..., ::-1]  # blue first, as photos are loaded
    return mine(golden['cams'], golden['classes'], photo, low_alpha=low, high_alpha=high, **settings)


def test_labels_of_seam_are_those_of_its_official_code(golden):
    assert np.array_equal(mine_golden(golden, 'seam'), golden['seam_affinity_label_full'])


def test_labels_of_ppc_are_those_of_its_official_code(golden):
    found = mine_golden(golden, 'wseg', hard_labels=int(golden['n_labels']))
    low, high = (golden[f'wseg_{alpha}_label_2d'] for alpha in ('la', 'ha'))
    expected = np.where(high == 0, 0, np.where(low == 0, 255, low))
    assert np.array_equal(found, expected)
    # that code orders the features of the CRF in another way, which moves some pixels
    assert (found != golden['wseg_affinity_label_full']).mean() < 0.01
    assert (found != mine_golden(golden, 'wseg')).mean() > 0.01, 'a CRF of scores gives others'


@pytest.mark.parametrize('name, hard', [('affinity-labels-ppc', True), ('affinity-labels', False)])
def test_shipped_labels_of_ppc_are_hard_and_those_of_seam_are_not(golden, name, hard):
    cfg = load_config(f'configs/affinitynet/{name}_voc2012.py')
    (step,) = (step for step in cfg.test_dataloader.dataset.pipeline if step.type == 'GenerateAffinityLabels')
    labels = dict(hard_labels=int(golden['n_labels'])) if hard else {}
    assert step == dict(type='GenerateAffinityLabels', low_alpha=4, high_alpha=24, **labels)
    assert golden['seam_alpha'].tolist() == [4, 24]


def test_hard_labels_without_crf_are_those_of_the_scores():
    cams = [[[0.5, 0.2, 0.02], [0.1, 0.0, 0.3]]]
    assert mine(cams, [4], crf=None, hard_labels=21).tolist() == mine(cams, [4], crf=None).tolist()


@pytest.mark.parametrize('alphas', [(0, 4), (5, 4), (-1, 4)])
def test_bad_alphas_get_one_line(alphas):
    with pytest.raises(ValueError, match='0 < low_alpha <= high_alpha') as caught:
        GenerateAffinityLabels(*alphas)
    assert '\n' not in str(caught.value)
