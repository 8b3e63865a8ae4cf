"""Pseudo masks straight from CAMs: the rules by hand, and the masks of the official codes of EPS and of PPC on EPS."""

from pathlib import Path

import numpy as np
import pytest
from label_mining import BLANK
from mmcv.transforms import Compose
from mmengine.registry import DefaultScope

from projects.wsis.apis.configs import load_config
from projects.wsis.datasets.transforms import GenerateCAMMasks

GOLDEN = Path(__file__).resolve().parents[2] / 'data' / 'golden'


def make(cams, labels, image=BLANK, **settings):
    results = dict(img=image, cams=np.array(cams, np.float32), cam_labels=np.array(labels))
    return GenerateCAMMasks(**settings).transform(results)['cam_mask']


def read_golden(name):
    with np.load(GOLDEN / f'{name}.npz', allow_pickle=False) as arrays:
        return dict(arrays)


@pytest.fixture(scope='module')
def photo():
    return read_golden('crf_labels')


@pytest.fixture(scope='module')
def masks():
    return read_golden('cam_masks')


def test_constant_background_by_hand():
    cams = [[[0.5, 0.21, 0.2], [0.1, 0.0, 0.3]], [[0.2, 0.1, 0.01], [0.6, 0.0, 0.3]]]
    found = make(cams, [4, 7], background_score=0.2)
    assert found.tolist() == [[5, 5, 0], [8, 0, 5]] and found.dtype == np.uint8


def test_power_background_by_hand():
    """.5 ** 2 = .25 < .5; .7 ** 2 = .49 > .3; .62 ** 2 = .38 is just above .38"""
    assert make([[[0.5, 0.3, 0.38], [0.39, 0.0, 1.0]]], [2], background_alpha=2.0).tolist() == [[3, 0, 0], [3, 0, 3]]


@pytest.mark.parametrize('settings', [dict(background_score=0.2), dict(background_alpha=8.0, crf=True)])
def test_photo_without_cams_is_background(settings):
    assert not make(np.zeros((0, 1, 1)), np.zeros(0, np.int64), **settings).any()


def through_config(name, photo):
    """The mask that the last steps of a config's pipeline make of the photo with its CAMs."""
    steps = load_config(f'configs/cam_masks/{name}.py').test_dataloader.dataset.pipeline
    with DefaultScope.overwrite_default_scope('mmdet'):
        pipeline = Compose(steps[[step.type for step in steps].index('LoadCAMs') + 1 :])
    results = dict(img=photo['image'][..., ::-1], cams=photo['cams'], cam_labels=photo['classes'], img_id='a')
    return pipeline(results)['data_samples'].pred_sem_seg.data[0].numpy()


def test_masks_of_eps_are_those_of_its_official_code(photo, masks):
    assert np.array_equal(through_config('cam-masks_voc2012', photo), masks['threshold_20_label'])


def test_masks_of_ppc_are_those_of_its_official_code(photo, masks):
    assert masks['ppc_eps_margin'] > 1e-3  # no pixel is nearly undecided
    found = through_config('cam-masks-ppc_voc2012', photo)
    assert np.array_equal(found, masks['ppc_eps_label'])
    plain = make(photo['cams'], photo['classes'], photo['image'][..., ::-1], background_score=0.22)
    assert np.array_equal(plain, masks['threshold_22_label']) and (plain != found).mean() > 0.01


@pytest.mark.parametrize('name, alpha', [('la', 4.0), ('ha', 24.0)])
def test_ten_steps_give_the_labels_of_seam(photo, name, alpha):
    found = make(photo['cams'], photo['classes'], photo['image'][..., ::-1], background_alpha=alpha, crf=True)
    assert np.array_equal(found, photo[f'seam_{name}_label'])


@pytest.mark.parametrize(
    'settings, words',
    [
        (dict(), 'takes one of background_score and background_alpha, not None and None'),
        (dict(background_score=0.2, background_alpha=8.0), 'not 0.2 and 8.0'),
        (dict(background_score=1.0), 'background_score must be between 0 and 1, got 1.0'),
        (dict(background_alpha=0.0), 'background_alpha must be positive, got 0.0'),
    ],
)
def test_bad_background_gets_one_line(settings, words):
    with pytest.raises(ValueError, match=words) as error:
        GenerateCAMMasks(**settings)
    assert '\n' not in str(error.value)
