"""Mining inter-pixel labels: the rules of IRNet by hand, the CRF, CAMs at full size, packing."""

import numpy as np
import pytest
import torch

from projects.wsis.datasets.transforms import (
    GenerateInterPixelLabels,
    PackTagInputs,
    dense_crf,
    inter_pixel_labels,
    refine_labels_with_crf,
)
from projects.wsis.datasets.transforms.formatting import tags_to_vector

BLANK = np.zeros((2, 3, 3), np.uint8)


def mine(cams, labels, image=BLANK, **settings):
    results = dict(img=image, cams=np.array(cams, np.float32), cam_labels=np.array(labels))
    return GenerateInterPixelLabels(**settings).transform(results)['inter_pixel_labels']


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
    """Foreground wins over background where the two refinements disagree, as in the public code."""
    calls = []

    def swap(image, labels, num_labels, **settings):
        calls.append((labels.tolist(), num_labels, settings))
        # the first call (foreground) says class everywhere in row 0; the second says background everywhere
        return np.array([[1, 1, 1], [0, 0, 0]] if len(calls) == 1 else [[0, 0, 0], [0, 0, 1]])

    monkeypatch.setattr(inter_pixel_labels, 'refine_labels_with_crf', swap)
    found = mine([[[0.9, 0.2, 0.0], [0.0, 0.2, 0.0]]], [2], crf=dict(iterations=3))
    assert found.tolist() == [[3, 3, 3], [0, 0, 255]]
    assert calls == [([[1, 0, 0], [0, 0, 0]], 2, dict(iterations=3)), ([[1, 1, 0], [0, 1, 0]], 2, dict(iterations=3))]


def square_photo():
    """A bright square on a dark ground, both a little noisy, and its true mask."""
    mask = np.zeros((40, 48), bool)
    mask[10:30, 12:34] = True
    noise = np.random.default_rng(0).integers(0, 12, (40, 48, 3))
    return (np.where(mask[..., None], (220, 190, 60), (20, 40, 30)) + noise).astype(np.uint8), mask


def test_crf_brings_blurred_cams_to_the_edges_of_the_photo():
    image, mask = square_photo()
    rows, columns = np.mgrid[:40, :48]
    cam = np.exp(-((rows - 19.5) ** 2 + (columns - 22.5) ** 2) / 100).astype(np.float32)[None]
    plain, refined = mine(cam, [6], image, crf=None), mine(cam, [6], image)
    assert set(np.unique(refined)) <= {0, 7, 255}

    def wrong(labels):
        return ((labels == 7) & ~mask).sum() + ((labels == 0) & mask).sum() + (labels == 255).sum()

    assert wrong(plain) > 300 and wrong(refined) < wrong(plain) / 4


def test_crf_of_hard_labels():
    image, mask = square_photo()
    labels = mask.astype(int)
    labels[0, 0], labels[20, 20] = 1, 0  # two wrong pixels
    refined = refine_labels_with_crf(image, labels, 2)
    assert refined.dtype == np.int32 and np.array_equal(refined, mask)
    assert np.array_equal(refine_labels_with_crf(image.transpose(1, 0, 2), labels.T, 2), mask.T)  # not contiguous
    assert not refine_labels_with_crf(image, labels * 0, 1).any()


def test_photo_without_classes_is_background():
    assert mine(np.zeros((0, 1, 1)), []).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_cams_of_stride_4_are_enlarged_first():
    cams = np.zeros((1, 3, 4), np.float32)
    cams[0, 0, 0] = 1
    labels = mine(cams, [0], np.zeros((9, 14, 3), np.uint8), crf=None)
    assert labels.shape == (9, 14) and labels[0, 0] == 1 and labels[-1, -1] == 0 and (labels == 255).any()


@pytest.mark.parametrize('thresholds', [(0.05, 0.30), (0, 0), (1.0, 0.05), (0.3, 0.0)])
def test_bad_thresholds_get_one_line(thresholds):
    with pytest.raises(ValueError, match='0 < background_threshold <= foreground_threshold < 1') as caught:
        GenerateInterPixelLabels(*thresholds)
    assert '\n' not in str(caught.value)


def test_missing_pydensecrf_gets_one_line(monkeypatch):
    monkeypatch.setattr(dense_crf, 'densecrf', None)
    with pytest.raises(ImportError, match='pip install pydensecrf2') as caught:
        GenerateInterPixelLabels()
    assert '\n' not in str(caught.value)
    assert mine([[[0.9, 0.2, 0.0]] * 2], [0], crf=None).tolist() == [[1, 255, 0]] * 2


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
