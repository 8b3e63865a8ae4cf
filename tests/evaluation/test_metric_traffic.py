"""What metrics collect from the processes: a few numbers a photo, however many photos and however large they are."""

import pickle

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.registry import METRICS
from mmengine.structures import InstanceData, PixelData

import projects.wsis.evaluation  # noqa: F401  registers the metrics
from projects.wsis.evaluation.functional import to_rle

MANY, FEW = 10000, 6
CLASSES = tuple(f'class {index}' for index in range(20))
SIZES = ((24, 32), (120, 160))
SETTINGS = {
    'VOCInstanceMetric': {},
    'SeedIoUMetric': dict(background_threshold=0.3),
    'SemanticIoUMetric': {},
    'MultiLabelMetric': {},
    'SureLabelMetric': {},
    'PeakMetric': {},
    'PhotoCocoMetric': dict(metric='segm'),
}
#: Bytes a photo with five instances; RLE, which COCO's evaluation needs, grows with the outlines.
LIMITS = dict.fromkeys(SETTINGS, 1000) | dict(PhotoCocoMetric=8000)


def make_photo(index: int, size: tuple[int, int]) -> DetDataSample:
    """A photo with five rectangles, some of which are found."""
    rng, (height, width) = np.random.default_rng(index), size
    masks = np.zeros((5, height, width), bool)
    for mask in masks:
        top, left = (rng.uniform(0, 0.5, 2) * size).astype(int)
        mask[top : top + height // 3, left : left + width // 3] = True
    sample = DetDataSample(metainfo=dict(img_id=f'photo_{index:06d}', mode='pseudo_label', ori_shape=size))
    instances = [
        dict(mask=to_rle(mask), bbox=[0, 0, 9, 9], bbox_label=i, ignore_flag=0) for i, mask in enumerate(masks)
    ]
    sample.set_metainfo(dict(instances=instances))
    label_map = torch.from_numpy((masks * np.arange(1, 6)[:, None, None]).max(0))[None]
    sample.gt_sem_seg = PixelData(data=label_map)
    sample.pred_sem_seg = PixelData(data=label_map.roll(2, 2))
    sample.pred_instances = InstanceData(
        masks=torch.from_numpy(np.roll(masks, 1, 2)),
        labels=torch.arange(5),
        scores=torch.from_numpy(rng.random(5)),
        bboxes=torch.tensor([[0.0, 0.0, 9.0, 9.0]] * 5),
    )
    sample.pred_peaks = InstanceData(
        points=torch.from_numpy(rng.integers(0, 20, (4, 2))), labels=torch.arange(4), scores=torch.full((4,), 0.9)
    )
    cams = torch.from_numpy(rng.random((2, (height - 1) // 4 + 1, (width - 1) // 4 + 1)))
    sample.pred_cams = InstanceData(cams=cams, labels=torch.tensor([0, 2]))
    sample.pred_scores, sample.gt_tags = torch.from_numpy(rng.random(20)), torch.ones(20)
    return sample


def collect(name: str, size: tuple[int, int]) -> list:
    """Return what a metric keeps of a few photos until the end."""
    metric = METRICS.build(dict(type=name, **SETTINGS[name]))
    metric.dataset_meta = dict(classes=CLASSES)
    for index in range(FEW):
        sample = make_photo(index, size)
        metric.process({}, [sample.to_dict()])
    return metric.results


@pytest.mark.parametrize('name', SETTINGS)
def test_bytes_of_a_photo_are_constant(name, capsys):
    small, large = ([pickle.dumps(result) for result in collect(name, size)] for size in SIZES)
    small_bytes, large_bytes = (sum(map(len, results)) / FEW for results in (small, large))
    # what a process hands over at the end; each result is an object of its own, as those of other photos are
    content = [pickle.loads(large[index % FEW]) for index in range(MANY)]
    many_bytes = len(pickle.dumps(content)) / MANY
    with capsys.disabled():
        sizes = ', '.join(f'{count:.0f} of {size}' for count, size in zip((small_bytes, large_bytes), SIZES))
        print(f'\n{name}: bytes of a photo {sizes} pixels; of {MANY} photos {many_bytes:.0f} each')
    assert many_bytes < 1.02 * large_bytes < LIMITS[name]
    if name != 'PhotoCocoMetric':
        assert large_bytes == pytest.approx(small_bytes, rel=0.1), 'larger photos send more'
