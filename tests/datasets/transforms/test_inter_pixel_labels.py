"""Mining inter-pixel labels: the rules of IRNet by hand, the CRF, CAMs at full size, packing."""

import label_mining
import numpy as np
import pytest
import torch
from label_mining import BLANK, square_photo

from projects.wsis.datasets.transforms import (
    GenerateInterPixelLabels,
    PackTagInputs,
    inter_pixel_labels,
)
from projects.wsis.datasets.transforms.formatting import tags_to_vector
from projects.wsis.ops.dense_crf import refine_labels_with_crf


def mine(cams, labels, image=BLANK, **settings):
    return label_mining.mine(GenerateInterPixelLabels(**settings), cams, labels, image)


def test_rules_by_hand_without_crf():
    """Over .30: foreground of the strongest class; nothing over .05: background; else unsure."""
    cams = [[[0.9, 0.29, 0.04], [0.31, 0.06, 0.0]], [[0.5, 0.10, 0.03], [0.32, 0.05, 0.9]]]
    assert mine(cams, [4, 7], crf=None).tolist() == [[5, 255, 0], [8, 255, 8]]


def test_tie_with_the_threshold_is_not_foreground():
    assert mine(
        [[[0.25, 0.25, 0.25], [0.5, 0.125, 0.125]]],
        [0],
        crf=None,
        foreground_threshold=0.25,
        background_threshold=0.125,
    ).tolist() == [[255, 255, 255], [1, 0, 0]]


def test_crf_runs_for_foreground_and_background_apart(monkeypatch):
    """Foreground wins over background where the two refinements disagree, as in the official code."""
    calls = []

    def swap(image, labels, num_labels, **settings):
        calls.append((labels.tolist(), num_labels, settings))
        # of foreground it says class everywhere in row 0; of background, background everywhere but in one pixel
        return np.array([[[1, 1, 1], [0, 0, 0]], [[0, 0, 0], [0, 0, 1]]])

    monkeypatch.setattr(inter_pixel_labels, 'refine_labels_with_crf', swap)
    found = mine([[[0.9, 0.2, 0.0], [0.0, 0.2, 0.0]]], [2], crf=dict(iterations=3))
    assert found.tolist() == [[3, 3, 3], [0, 0, 255]]
    assert calls == [([[[1, 0, 0], [0, 0, 0]], [[1, 1, 0], [0, 1, 0]]], 2, dict(iterations=3))]


def test_crf_sees_red_first(monkeypatch):
    """Photos are loaded with blue first; the official code has another order, which moves some pixels."""
    seen = []
    monkeypatch.setattr(
        inter_pixel_labels, 'refine_labels_with_crf', lambda image, labels, _, **__: seen.append(image) or labels
    )
    photo = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    mine([[[0.9, 0.2, 0.0], [0.0, 0.2, 0.0]]], [2], photo)
    assert len(seen) == 1 and np.array_equal(seen[0], photo[..., ::-1])


def test_crf_of_hard_labels():
    image, mask = square_photo()
    labels = mask.astype(int)
    labels[0, 0], labels[20, 20] = 1, 0  # two wrong pixels
    refined = refine_labels_with_crf(image, labels, 2)
    assert refined.dtype == np.int32 and np.array_equal(refined, mask)
    assert np.array_equal(refine_labels_with_crf(image.transpose(1, 0, 2), labels.T, 2), mask.T)  # not contiguous
    assert not refine_labels_with_crf(image, labels * 0, 1).any()


@pytest.mark.parametrize('thresholds', [(0.05, 0.30), (0, 0), (1.0, 0.05), (0.3, 0.0)])
def test_bad_thresholds_get_one_line(thresholds):
    with pytest.raises(ValueError, match='0 < background_threshold <= foreground_threshold < 1') as caught:
        GenerateInterPixelLabels(*thresholds)
    assert '\n' not in str(caught.value)


def test_pack():
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)[:, ::-1]
    results = dict(
        img=image,
        tags=[0, 2],
        num_classes=3,
        img_id='a',
        img_path='a.jpg',
        ori_shape=(2, 4),
        img_shape=(2, 4),
        mode='predict',
        gt_seg_map=np.full((2, 4), 255, np.uint8),
        cams=np.ones((1, 1, 2), np.float32),
        cam_labels=np.array([2]),
        inter_pixel_labels=np.zeros((2, 4), np.uint8),
        other='not packed',
    )
    packed = PackTagInputs().transform(results)
    sample = packed['data_samples']
    assert packed['inputs'].shape == (3, 2, 4) and packed['inputs'].dtype == torch.uint8
    assert np.array_equal(packed['inputs'].numpy(), image.transpose(2, 0, 1))
    assert sample.gt_tags.tolist() == [1, 0, 1]
    assert sample.gt_sem_seg.data.shape == sample.pred_sem_seg.data.shape == (1, 2, 4)
    assert sample.cams.labels.tolist() == [2] and sample.cams.cams.shape == (1, 1, 2)
    assert (sample.img_id, sample.mode, sample.tags, sample.ori_shape) == ('a', 'predict', [0, 2], (2, 4))
    assert 'other' not in sample.metainfo and 'instances' not in sample.metainfo


def test_pack_without_maps():
    results = dict(img=np.zeros((2, 2, 3), np.uint8), tags=[], num_classes=2, img_id='a')
    sample = PackTagInputs().transform(results)['data_samples']
    assert sample.gt_tags.tolist() == [0, 0]
    assert not {'gt_sem_seg', 'pred_sem_seg', 'cams'} & set(sample.keys())


@pytest.mark.parametrize('tags', [[3], [-1], [0, 7]])
def test_tags_out_of_range_get_one_line(tags):
    with pytest.raises(ValueError, match='are not class ids of 3 classes'):
        tags_to_vector(tags, 3)
