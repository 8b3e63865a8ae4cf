"""The inferencers and inference functions of mmdet and mmseg take our configs and checkpoints."""

import cv2
import numpy as np
import pytest
import torch
from mmdet.apis import DetInferencer, inference_detector, init_detector
from mmseg.apis import MMSegInferencer, inference_model, init_model
from random_models import save_random_model

SIZE = (61, 94)


@pytest.fixture(scope='module')
def image(tmp_path_factory):
    """The path of an image that lies in no data set, and its pixels."""
    pixels = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), np.uint8)
    path = tmp_path_factory.mktemp('images') / 'new image.png'
    cv2.imwrite(str(path), pixels)
    return str(path), pixels


@pytest.mark.parametrize('kind', ['mask_rcnn', 'bestie'])
def test_mmdet_runs_detectors(kind, image, tmp_path):
    config, checkpoint = save_random_model(kind, tmp_path)
    inferencer = DetInferencer(config, checkpoint, device='cpu', show_progress=False)
    results = inferencer(list(image), out_dir=str(tmp_path / 'out'))['predictions']
    assert results[0] == results[1] and len(results[0]['masks']) == len(results[0]['labels']) > 0
    assert cv2.imread(str(tmp_path / 'out' / 'vis' / 'new image.png')).shape == (*SIZE, 3)
    detector = init_detector(config, checkpoint, device='cpu')
    assert detector.dataset_meta['classes'] == inferencer.model.dataset_meta['classes']
    for given in image:
        found = inference_detector(detector, given).pred_instances
        assert found.masks.shape[1:] == SIZE
        torch.testing.assert_close(found.scores, torch.tensor(results[0]['scores']))


def test_mmseg_runs_segmentors(image, tmp_path):
    config, checkpoint = save_random_model('deeplab', tmp_path)
    inferencer = MMSegInferencer(config, checkpoint, device='cpu')
    first, second = inferencer(list(image), out_dir=str(tmp_path / 'out'))['predictions']
    assert first.shape == SIZE and (first == second).all() and len(np.unique(first)) > 1
    assert cv2.imread(str(tmp_path / 'out' / 'vis' / 'new image.png')).shape == (*SIZE, 3)
    segmentor = init_model(config, checkpoint, device='cpu')
    for given in image:
        np.testing.assert_array_equal(inference_model(segmentor, given).pred_sem_seg.data[0].numpy(), first)
