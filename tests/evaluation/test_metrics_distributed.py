"""All metrics give the same numbers in one process and in two."""

import json
import math

import numpy as np
import pytest
import torch
import torch.distributed as dist
from mmdet.structures import DetDataSample
from mmengine.dataset import DefaultSampler
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData, PixelData
from tiny_chain.processes import call_in_ranks

import projects.wsis.evaluation  # noqa: F401  registers the metrics
from projects.wsis.apis.launch import finish
from projects.wsis.evaluation.functional import to_rle

NUM_PHOTOS = 7
METRICS = [
    dict(type='VOCInstanceMetric', classwise=True, ap_convention=['area', '11points']),
    dict(type='SeedIoUMetric', background_threshold=0.3, oracle_sweep=True, classwise=True),
    dict(type='SemanticIoUMetric', classwise=True),
    dict(type='MultiLabelMetric', classwise=True),
    dict(type='SureLabelMetric'),
    dict(type='PeakMetric'),
    dict(type='PhotoCocoMetric', metric='segm'),
]


def make_photo(index, with_masks=True):
    """A photo that depends on its index only; many scores are equal, photo 2 has no masks."""
    rng = np.random.default_rng(index)
    sample = DetDataSample(metainfo=dict(img_id=str(index), mode='pseudo_label', ori_shape=(20, 24)))
    true = rng.random((3, 20, 24)) < 0.6
    if index != 2 and with_masks:
        instances = [
            dict(mask=to_rle(mask), bbox=[0, 0, 24, 20], bbox_label=i, ignore_flag=0) for i, mask in enumerate(true)
        ]
        sample.set_metainfo(dict(instances=instances))
        label_map = torch.from_numpy(rng.integers(0, 4, (1, 20, 24)))
        sample.gt_sem_seg = PixelData(data=label_map)
    masks = true[[0, 1, 2, 0, 1]] ^ (rng.random((5, 20, 24)) < rng.random((5, 1, 1)))
    sample.pred_instances = InstanceData(
        masks=torch.from_numpy(masks),
        labels=torch.tensor([0, 1, 2, 0, 1]),
        scores=torch.from_numpy(rng.integers(0, 3, 5) / 3),
        bboxes=torch.tensor([[0.0, 0.0, 24.0, 20.0]] * 5),
    )
    sample.pred_peaks = InstanceData(
        points=torch.from_numpy(rng.integers(0, 20, (4, 2))),
        labels=torch.tensor([0, 1, 2, 0]),
        scores=torch.full((4,), 0.9),
    )
    sample.pred_cams = InstanceData(cams=torch.from_numpy(rng.random((2, 5, 6))), labels=torch.tensor([0, 2]))
    sample.pred_sem_seg = PixelData(data=torch.from_numpy(rng.integers(0, 4, (1, 20, 24))))
    sample.pred_scores = torch.from_numpy(rng.random(3))
    if with_masks:
        sample.gt_tags = torch.from_numpy(rng.integers(0, 2, 3)).float()
    return sample


def evaluate(round_up, collect_device='cpu', collect_dir=None, with_masks=True):
    metrics = [dict(metric, collect_device=collect_device) for metric in METRICS]
    if collect_dir is not None:
        # mmdet's CocoMetric has no such folder
        own = [m for m in metrics if m['type'] != 'PhotoCocoMetric']
        for metric in own:
            metric['collect_dir'] = f'{collect_dir}/{metric["type"]}'
    evaluator = Evaluator(metrics)
    evaluator.dataset_meta = dict(classes=('a', 'b', 'c'))
    for index in DefaultSampler(range(NUM_PHOTOS), shuffle=False, round_up=round_up):
        evaluator.process([make_photo(index, with_masks)])
    return evaluator.evaluate(NUM_PHOTOS)


def evaluate_rank(rank, folder, round_up, with_masks=True):
    dist.init_process_group('gloo', init_method=f'file://{folder}/store', rank=rank, world_size=2)
    metrics = evaluate(round_up, collect_dir=folder, with_masks=with_masks)
    with open(f'{folder}/rank{rank}.json', 'w') as file:
        json.dump(metrics, file)
    finish()  # together, or a process may wait for one that has left


@pytest.mark.parametrize('round_up', [True, False])
def test_two_processes_equal_one(tmp_path, round_up):
    expected = evaluate(round_up)
    assert len(expected) > 40 and all(math.isfinite(value) for value in expected.values())
    call_in_ranks(evaluate_rank, str(tmp_path), round_up)
    for rank in range(2):
        assert json.loads((tmp_path / f'rank{rank}.json').read_text()) == expected


def test_without_masks_nothing_is_measured_in_two_processes_either(tmp_path):
    assert evaluate(True, with_masks=False) == {}
    call_in_ranks(evaluate_rank, str(tmp_path), True, False)
    assert [json.loads((tmp_path / f'rank{rank}.json').read_text()) for rank in range(2)] == [{}, {}]
