"""PhotoCocoMetric: photos with, without and partly without ground truth."""

import logging

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator

import projects.wsis.evaluation  # noqa: F401, registers the metric
from projects.wsis.evaluation.functional import to_rle
from projects.wsis.structures import write_json


def make_sample(photo: str, with_truth: bool) -> dict:
    mask = np.zeros((48, 64), bool)
    mask[4:40, 8:48] = True
    sample = dict(
        img_id=photo,
        ori_shape=(48, 64),
        pred_instances=dict(
            masks=torch.from_numpy(mask[None]),
            labels=torch.tensor([1]),
            scores=torch.tensor([0.9]),
            bboxes=torch.tensor([[8.0, 4.0, 48.0, 40.0]]),
        ),
    )
    if with_truth:
        sample['instances'] = [dict(bbox=[8, 4, 48, 40], bbox_label=1, mask=to_rle(mask), ignore_flag=0)]
    return sample


def evaluate(samples: list[dict], **settings) -> dict:
    evaluator = Evaluator([dict(type='PhotoCocoMetric', metric=['bbox', 'segm'], **settings)])
    evaluator.dataset_meta = dict(classes=('cat', 'dog'))
    metric = evaluator.metrics[0]
    metric.process(None, samples)
    return metric.evaluate(len(samples))


@pytest.fixture
def lines(monkeypatch):
    found = []
    monkeypatch.setattr(
        'projects.wsis.evaluation.metrics.photo_coco_metric.print_log',
        lambda message, logger=None, level=logging.INFO: found.append(message),
    )
    return found


def test_photos_without_ground_truth_are_left_out_and_counted(lines):
    expected = evaluate([make_sample('a', True)])
    assert expected['coco/segm_mAP'] == expected['coco/bbox_mAP'] == pytest.approx(1)
    assert not lines
    mixed = [make_sample('x', False), make_sample('a', True), make_sample('y', False)]
    assert evaluate(mixed) == expected
    assert lines == ['PhotoCocoMetric: 2 of 3 photos have no ground-truth `instances` and are skipped']


def test_no_ground_truth_at_all_gives_no_number(lines):
    assert evaluate([make_sample('a', False), make_sample('b', False)]) == {}
    assert lines == ['PhotoCocoMetric: no masks: not measured (2 photos)']


def test_ground_truth_of_a_json_is_found_by_file_name(tmp_path, lines):
    rle = dict(make_sample('a', True)['instances'][0]['mask'])
    rle['counts'] = rle['counts'].decode()
    instance = dict(id=1, image_id=77, category_id=40, segmentation=rle, area=1440, bbox=[8, 4, 40, 36], iscrowd=0)
    content = dict(
        images=[dict(id=77, file_name='day/a.jpg', height=48, width=64), dict(id=5, file_name='b.jpg')],
        categories=[dict(id=40, name='dog'), dict(id=7, name='cat')],
        annotations=[instance],
    )
    write_json(tmp_path / 'instances.json', content)
    truth = dict(ann_file=str(tmp_path / 'instances.json'))
    found = evaluate([dict(make_sample('day/a.jpg', False), file_name='day/a.jpg')], **truth)
    assert found['coco/segm_mAP'] == pytest.approx(1) and not lines
    with pytest.raises(ValueError, match='does not name c.jpg: give the json of the same split'):
        evaluate([dict(make_sample('c.jpg', False), file_name='c.jpg')], **truth)
