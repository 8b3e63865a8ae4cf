"""VOCInstanceMetric on data samples as models and data sets give them."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.evaluator import Evaluator
from mmengine.registry import METRICS
from mmengine.structures import InstanceData

from projects.wsis.evaluation import VOCInstanceMetric
from projects.wsis.evaluation.functional import to_rle

GOLDEN = Path(__file__).parents[1] / 'data' / 'golden' / 'voc_ap.npz'
CLASSES = tuple('abcdefg')


def make_sample(masks, labels, scores, true=None, **metainfo):
    sample = DetDataSample(metainfo=dict(img_id='photo', **metainfo))
    if true is not None:
        instances = [
            dict(bbox=[0, 0, 1, 1], bbox_label=int(label), mask=to_rle(mask), ignore_flag=0) for mask, label in true
        ]
        sample.set_metainfo(dict(instances=instances))
    sample.pred_instances = InstanceData(masks=masks, labels=torch.as_tensor(labels), scores=torch.as_tensor(scores))
    return sample


def evaluate(samples, **settings):
    evaluator = Evaluator([dict(type='VOCInstanceMetric', **settings)])
    evaluator.dataset_meta = dict(classes=CLASSES)
    for sample in samples:
        evaluator.process([sample])
    return evaluator.evaluate(len(samples))


def square(y, x, size=4):
    mask = np.zeros((12, 16), bool)
    mask[y : y + size, x : x + size] = True
    return mask


def right_sample(**metainfo):
    mask = square(1, 1)
    return make_sample(torch.from_numpy(mask[None]), [2], [0.9], [(mask, 2)], **metainfo)


@pytest.mark.parametrize('as_rle', [True, False])
def test_golden_through_the_evaluator(as_rle):
    golden = np.load(GOLDEN, allow_pickle=False)
    samples = []
    for index in range(int(golden['main_num_images'])):
        arrays = {
            key: golden[f'main_img{index:02d}_{key}']
            for key in ('pred_masks', 'pred_labels', 'pred_scores', 'gt_masks', 'gt_labels')
        }
        masks = arrays['pred_masks']
        masks = [to_rle(mask) for mask in masks] if as_rle else torch.from_numpy(masks)
        true = list(zip(arrays['gt_masks'], arrays['gt_labels']))
        samples.append(make_sample(masks, arrays['pred_labels'], arrays['pred_scores'], true))
    metrics = evaluate(samples, ap_convention=['area', '11points'], classwise=True)
    for key, suffix in (('area', ''), ('07', '_11points')):
        for t, name in enumerate(('AP25', 'AP50', 'AP70', 'AP75')):
            expected = golden[f'main_map_{key}'][t]
            assert metrics[f'voc/{name}{suffix}'] == pytest.approx(100 * expected, rel=1e-13)
            for c, label in enumerate(CLASSES):
                expected = golden[f'main_ap_{key}'][t, c]
                if np.isnan(expected):
                    assert f'voc/{label}_{name}{suffix}' not in metrics
                else:
                    value = metrics[f'voc/{label}_{name}{suffix}']
                    assert value == pytest.approx(100 * expected, rel=1e-13)


def test_registered_in_the_root_registry():
    assert METRICS.get('VOCInstanceMetric') is VOCInstanceMetric


def test_keys_follow_the_settings():
    samples = [right_sample()]
    assert evaluate(samples) == {f'voc/AP{t}': 100.0 for t in (25, 50, 70, 75)}
    metrics = evaluate(samples, ap_convention='11points', iou_thrs=[0.5], prefix='pseudo')
    assert metrics == {'pseudo/AP50_11points': pytest.approx(100)}


def test_no_predictions_at_all_is_zero():
    empty = make_sample(torch.zeros(0, 12, 16, dtype=torch.bool), [], [], [(square(1, 1), 0)])
    assert evaluate([empty, empty])['voc/AP50'] == 0
    assert evaluate([make_sample([], [], [], [(square(1, 1), 0)])])['voc/AP50'] == 0


def test_no_ground_truth_at_all_gives_no_number(monkeypatch):
    lines = record_lines(monkeypatch)
    mask = torch.from_numpy(square(1, 1)[None])
    without = make_sample(mask, [0], [0.5])
    assert evaluate([without, without]) == {}
    assert [line for line, _ in lines] == ['VOCInstanceMetric: no masks: not measured (2 photos)']
    # photos that are known to hold nothing: no class has an AP either
    assert evaluate([make_sample(mask, [0], [0.5], [])]) == {}


def test_photos_without_ground_truth_are_skipped_and_counted(monkeypatch):
    lines = record_lines(monkeypatch)
    without = make_sample(torch.from_numpy(square(5, 5)[None]), [2], [0.99])
    assert evaluate([without, right_sample(), without])['voc/AP50'] == 100
    skipped = [line for line, level in lines if level == logging.WARNING]
    assert len(skipped) == 1 and '2 of 3 photos have no ground-truth `instances`' in skipped[0]


def test_false_positive_on_a_photo_without_instances_counts():
    false = make_sample(torch.from_numpy(square(5, 5)[None]), [2], [0.99], [])
    assert evaluate([false, right_sample()])['voc/AP50'] == 50


def test_mode_is_named_and_never_mixed(monkeypatch):
    lines = record_lines(monkeypatch)
    evaluate([right_sample(mode='pseudo_label')])
    assert any('1 photos, mode: pseudo_label' in line and 'AP50' in line for line, _ in lines)
    with pytest.raises(ValueError, match="'predict', 'pseudo_label'.* are mixed"):
        evaluate([right_sample(mode='pseudo_label'), right_sample(mode='predict')])


def test_ignored_instances():
    mask = square(1, 1)
    sample = make_sample(torch.from_numpy(mask[None]), [2], [0.95], [(mask, 2)])
    sample.instances[0]['ignore_flag'] = 1
    assert evaluate([sample, right_sample()])['voc/AP50'] == 100


@pytest.mark.parametrize(
    'change, message',
    [
        (lambda s: s.pred_instances.pop('scores'), '`pred_instances` has no `scores`'),
        (lambda s: delattr(s, 'pred_instances'), 'no `pred_instances`'),
        (
            lambda s: s.pred_instances.set_data(dict(masks=torch.zeros(1, 6, 8).bool())),
            r'size \(H, W\) \(6, 8\), ground truth \(12, 16\)',
        ),
        (
            lambda s: s.pred_instances.set_data(dict(labels=torch.tensor([7]))),
            'predicted class id 7 is unknown: the data set has 7 classes',
        ),
        (lambda s: s.instances[0].update(bbox_label=-1), 'ground-truth class id -1 is unknown'),
        (
            lambda s: s.pred_instances.set_data(dict(scores=torch.tensor([float('nan')]))),
            'not finite',
        ),
        (
            lambda s: s.pred_instances.__dict__.update(labels=torch.tensor([1, 2])),
            '1 masks, 2 labels and 1 scores',
        ),
        (lambda s: s.instances[0].update(mask=3), 'neither a COCO RLE'),
    ],
)
def test_bad_input_is_one_line_that_names_the_photo(change, message):
    sample = right_sample()
    change(sample)
    with pytest.raises(ValueError, match=message) as error:
        evaluate([sample])
    assert str(error.value).startswith('VOCInstanceMetric: photo photo: ')
    assert '\n' not in str(error.value)


def test_bad_settings():
    with pytest.raises(ValueError, match='iou_thrs'):
        VOCInstanceMetric(iou_thrs=[50])
    with pytest.raises(ValueError, match='ap_convention'):
        VOCInstanceMetric(ap_convention='coco')
    metric = VOCInstanceMetric()
    with pytest.raises(ValueError, match='names no classes'):
        metric.process(None, [right_sample().to_dict()])


def record_lines(monkeypatch):
    lines = []
    monkeypatch.setattr(
        'projects.wsis.evaluation.metrics.photo_metric.print_log',
        lambda message, logger=None, level=logging.INFO: lines.append((message, level)),
    )
    return lines
