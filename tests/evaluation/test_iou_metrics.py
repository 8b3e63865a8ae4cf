"""SeedIoUMetric and SemanticIoUMetric: against plain confusion matrices, by hand, bad input."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData, PixelData

from projects.wsis.evaluation import SeedIoUMetric
from projects.wsis.evaluation.functional import count_seeds

CLASSES = ('cat', 'dog', 'cow')


def evaluate(samples, metric_type, classes=CLASSES, **settings):
    evaluator = Evaluator([dict(type=metric_type, **settings)])
    evaluator.dataset_meta = dict(classes=classes)
    for sample in samples:
        evaluator.process([sample])
    return evaluator.evaluate(len(samples))


def seed_sample(cams, labels, true, **metainfo):
    sample = DetDataSample(metainfo=dict(img_id='photo', **metainfo))
    cams = torch.as_tensor(cams)
    sample.pred_cams = InstanceData(cams=cams, labels=torch.as_tensor(labels, dtype=torch.int64))
    if true is not None:
        sample.gt_sem_seg = PixelData(data=torch.as_tensor(true)[None])
    return sample


def semantic_sample(predicted, true):
    sample = DetDataSample(metainfo=dict(img_id='photo'))
    sample.pred_sem_seg = PixelData(data=torch.as_tensor(predicted)[None])
    if true is not None:
        sample.gt_sem_seg = PixelData(data=torch.as_tensor(true)[None])
    return sample


def random_photos(number=4, dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    for index in range(number):
        height, width = 33 + 5 * index, 50 - 3 * index
        labels = torch.randperm(3, generator=generator)[: 1 + index % 3]
        size = (len(labels), (height - 1) // 4 + 1, (width - 1) // 4 + 1)
        cams = torch.rand(size, generator=generator).to(dtype)
        true = torch.randint(0, 4, (height, width), generator=generator).to(torch.uint8)
        true[:3] = 255
        yield cams, labels, true


def plain_seeds(cams, labels, size, threshold):
    """Label map (H, W) by the definition: argmax over [threshold, CAMs]."""
    cams = cams.float()
    if cams.shape[1:] != size:
        cams = F.interpolate(cams[None], scale_factor=4.0, mode='bilinear', align_corners=False)[0]
    cams = cams[:, : size[0], : size[1]].numpy()
    stacked = np.concatenate([np.full((1, *size), threshold, np.float32), cams])
    return np.concatenate([[0], labels.numpy() + 1])[stacked.argmax(axis=0)]


def plain_scores(label_maps, true_maps, num_labels=4):
    confusion = np.zeros((num_labels, num_labels))
    for predicted, true in zip(label_maps, true_maps):
        kept = true != 255
        np.add.at(confusion, (true[kept], predicted[kept]), 1)
    correct = np.diag(confusion)
    union = confusion.sum(0) + confusion.sum(1) - correct
    with np.errstate(invalid='ignore'):
        return 100 * correct / union, confusion


@pytest.mark.parametrize('dtype', [torch.float32, torch.float16])
def test_seeds_equal_the_plain_definition_at_every_threshold(dtype):
    photos = list(random_photos(dtype=dtype))
    metrics = evaluate(
        [seed_sample(*photo) for photo in photos],
        'SeedIoUMetric',
        background_threshold=0.423,
        oracle_sweep=True,
        classwise=True,
    )
    thresholds = sorted([0.423, *(p / 100 for p in range(5, 61))])
    by_threshold = {}
    for threshold in thresholds:
        maps = [plain_seeds(cams, labels, tuple(true.shape), threshold) for cams, labels, true in photos]
        by_threshold[threshold] = plain_scores(maps, [true.numpy() for *_, true in photos])
    iou, confusion = by_threshold[0.423]
    assert metrics['seed/mIoU'] == pytest.approx(iou.mean(), rel=1e-12)
    for name, value in zip(('background', *CLASSES), iou):
        assert metrics[f'seed/{name}_IoU'] == pytest.approx(value, rel=1e-12)
    right = np.diag(confusion)
    expected = dict(
        fg_precision=right[1:].sum() / confusion[:, 1:].sum(),
        fg_recall=right[1:].sum() / confusion[1:].sum(),
        bg_precision=right[0] / confusion[:, 0].sum(),
        bg_recall=right[0] / confusion[0].sum(),
    )
    for key, value in expected.items():
        assert metrics[f'seed/{key}'] == pytest.approx(100 * value, rel=1e-12)
    best = max(thresholds, key=lambda threshold: by_threshold[threshold][0].mean())
    assert metrics['seed/oracle_threshold'] == best
    assert metrics['seed/oracle_mIoU'] == pytest.approx(by_threshold[best][0].mean(), rel=1e-12)


def test_the_oracle_is_opt_in_and_never_below_the_fixed_threshold():
    samples = [seed_sample(*photo) for photo in random_photos()]
    plain = evaluate(samples, 'SeedIoUMetric', background_threshold=0.9)
    assert not any('oracle' in key for key in plain)
    swept = evaluate(
        samples,
        'SeedIoUMetric',
        background_threshold=0.9,
        oracle_sweep=True,
        oracle_thresholds=[0.3, 0.2],
    )
    assert swept['seed/mIoU'] == plain['seed/mIoU'] <= swept['seed/oracle_mIoU']


def test_seeds_by_hand():
    # full-size CAMs; a value equal to the threshold is background, as in the argmax
    cams = [[[1.0, 0.5, 0.5, 0.0]], [[0.0, 0.75, 0.5, 0.0]]]
    true = torch.tensor([[1, 3, 0, 255]])
    metrics = evaluate(
        [seed_sample(cams, [0, 2], true)],
        'SeedIoUMetric',
        background_threshold=0.5,
        classwise=True,
    )
    assert metrics['seed/mIoU'] == 100
    # 'dog' is neither seeded nor true: no IoU
    assert set(metrics) >= {'seed/background_IoU', 'seed/cat_IoU', 'seed/cow_IoU'}
    assert 'seed/dog_IoU' not in metrics


@pytest.mark.parametrize('shape', [(0, 2, 2), (0, 0, 0)])
def test_a_photo_without_cams_is_all_background(shape):
    true = torch.tensor([[0, 0, 0, 1]] * 5)
    metrics = evaluate(
        [seed_sample(torch.zeros(shape), [], true)],
        'SeedIoUMetric',
        background_threshold=0.15,
        oracle_sweep=True,
    )
    assert metrics['seed/mIoU'] == pytest.approx((75 + 0) / 2)
    assert metrics['seed/fg_recall'] == 0


def test_counts_do_not_depend_on_memory_layout():
    cams, labels, true = list(random_photos())[2]
    strided = cams.permute(2, 1, 0).contiguous().permute(2, 1, 0)
    assert not strided.is_contiguous()
    one, two = (count_seeds(c, labels, true, [0.1, 0.4], 3) for c in (cams, strided))
    np.testing.assert_array_equal(one.correct, two.correct)
    np.testing.assert_array_equal(one.seeded, two.seeded)


@pytest.mark.parametrize('threshold', [-0.1, 1.5])
def test_threshold_outside_0_1(threshold):
    with pytest.raises(ValueError, match=r'in \[0, 1\]'):
        SeedIoUMetric(background_threshold=threshold)


@pytest.mark.parametrize(
    'cams, labels, message',
    [
        (torch.zeros(1, 3, 4), [0], r'size \(3, 4\) fit a photo of size \(9, 10\) at no stride'),
        (torch.zeros(1, 3, 3), [3], 'not all in 0..2'),
        (torch.zeros(2, 3, 3), [1, 1], 'a class twice'),
        (torch.full((1, 3, 3), float('nan')), [1], 'not finite'),
        (torch.zeros(2, 3), [0, 1], 'do not fit'),
    ],
)
def test_bad_cams(cams, labels, message):
    sample = seed_sample(cams, labels, torch.zeros(9, 10, dtype=torch.uint8))
    with pytest.raises(ValueError, match=message) as error:
        evaluate([sample], 'SeedIoUMetric', background_threshold=0.15)
    assert str(error.value).startswith('SeedIoUMetric: photo photo: ')


def test_seed_metric_without_cams_or_ground_truth():
    cams, labels, true = next(random_photos())
    assert evaluate([seed_sample(cams, labels, None)], 'SeedIoUMetric', background_threshold=0.1) == {}
    sample = seed_sample(cams, labels, true)
    sample.pop('pred_cams')
    with pytest.raises(ValueError, match='no `pred_cams`'):
        evaluate([sample], 'SeedIoUMetric', background_threshold=0.1)
    ignored = seed_sample(cams, labels, torch.full_like(true, 255))
    assert evaluate([ignored], 'SeedIoUMetric', background_threshold=0.1) == {}


@pytest.mark.parametrize('dtype', [torch.uint8, torch.int64])
def test_semantic_iou_equals_a_confusion_matrix(dtype):
    generator = torch.Generator().manual_seed(1)
    true = [torch.randint(0, 4, (20, 30), generator=generator).to(dtype) for _ in range(3)]
    predicted = [torch.randint(0, 3, (20, 30), generator=generator) for _ in range(3)]
    true[0][:4] = 255
    samples = [semantic_sample(p, t) for p, t in zip(predicted, true)]
    metrics = evaluate(samples, 'SemanticIoUMetric', classwise=True)
    iou, _ = plain_scores([p.numpy() for p in predicted], [t.numpy() for t in true])
    assert metrics['semantic/mIoU'] == pytest.approx(iou.mean(), rel=1e-12)
    assert metrics['semantic/cow_IoU'] == 0  # true but never predicted
    # a data set that counts the background among its classes means the same
    assert evaluate(samples, 'SemanticIoUMetric', ('background', *CLASSES), classwise=True) == metrics


def test_semantic_iou_by_hand():
    true = [[0, 0, 1, 1, 2, 255]]
    predicted = [[0, 1, 1, 255, 2, 2]]
    metrics = evaluate([semantic_sample(predicted, true)], 'SemanticIoUMetric', classwise=True)
    # a missing label misses class 1 and is charged to no label; 'cow' is absent
    assert metrics['semantic/background_IoU'] == pytest.approx(50)
    assert metrics['semantic/cat_IoU'] == pytest.approx(100 / 3)
    assert metrics['semantic/dog_IoU'] == 100
    assert metrics['semantic/mIoU'] == pytest.approx((50 + 100 / 3 + 100) / 3)


def test_semantic_iou_bad_input_and_skipped_photos():
    label_map = torch.zeros(4, 5, dtype=torch.uint8)
    unknown = label_map.clone()
    unknown[0, 0] = 4
    with pytest.raises(ValueError, match='predicted label map holds the label 4, known are 0..3'):
        evaluate([semantic_sample(unknown, label_map)], 'SemanticIoUMetric')
    with pytest.raises(ValueError, match='true label map holds the label 4'):
        evaluate([semantic_sample(label_map, unknown)], 'SemanticIoUMetric')
    with pytest.raises(ValueError, match=r'size \(4, 5\), the true one \(5, 5\)'):
        evaluate([semantic_sample(label_map, torch.zeros(5, 5).byte())], 'SemanticIoUMetric')
    assert evaluate([semantic_sample(label_map, None)], 'SemanticIoUMetric') == {}
    label_map[0] = 1
    both = [semantic_sample(unknown, None), semantic_sample(label_map, label_map)]
    assert evaluate(both, 'SemanticIoUMetric')['semantic/mIoU'] == 100


@pytest.mark.parametrize('value', [0, 255])
@pytest.mark.parametrize('metric', ['SeedIoUMetric', 'SemanticIoUMetric', 'SureLabelMetric'])
def test_masks_without_a_class_get_one_line_and_no_number(metric, value):
    # 0 and 255 for background and object: the objects are left out, and background would have an IoU of 100
    mask = torch.zeros(1, 6, 8, dtype=torch.uint8)
    mask[0, 2:4] = value
    sample = seed_sample(torch.zeros(1, 6, 8), [0], mask[0])
    sample.pred_sem_seg = PixelData(data=torch.zeros(1, 6, 8))
    settings = dict(background_threshold=0.1) if metric == 'SeedIoUMetric' else {}
    with pytest.raises(
        ValueError, match=r'no pixel of the masks is of a class.*of photo .*ids 1\.\.3 .*not 0 and 255'
    ) as caught:
        evaluate([sample, sample], metric, **settings)
    assert '\n' not in str(caught.value)
    mask[0, 5, 5] = 2  # one photo with a class is enough
    other = seed_sample(torch.zeros(1, 6, 8), [0], mask[0])
    other.pred_sem_seg = sample.pred_sem_seg
    assert evaluate([sample, other], metric, **settings)
