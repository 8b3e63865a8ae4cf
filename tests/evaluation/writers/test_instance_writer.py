"""Instances of photos in folders: each keeps its identity in the store and in the COCO json."""

import json

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from projects.wsis.evaluation.writers import InstanceWriter
from projects.wsis.structures import write_json
from projects.wsis.structures.masks import encode_mask


def sample_of(photo: str, file_name: str | None, score: float) -> DetDataSample:
    metainfo = dict(img_id=photo, img_path=f'/photos/{photo}', ori_shape=(4, 6))
    sample = DetDataSample(metainfo={**metainfo, **(dict(file_name=file_name) if file_name else {})})
    masks = np.zeros((1, 4, 6), bool)
    masks[0, 1:3, 2:5] = True
    sample.pred_instances = InstanceData(
        masks=torch.from_numpy(masks), labels=torch.tensor([1]), scores=torch.tensor([score])
    )
    return sample


@pytest.mark.parametrize('named', [True, False])
def test_coco_json_names_photos_by_path(tmp_path, named):
    photos = ['day 1/a.jpg', 'day 2/a.jpg', 'a.png']
    writer = InstanceWriter()
    writer.dataset_meta = dict(classes=('cat', 'fox'))
    store = writer.locate(tmp_path)
    store.start({}, ('cat', 'fox'))
    samples = [sample_of(photo, photo if named else None, 0.5 + 0.1 * index) for index, photo in enumerate(photos)]
    writer.process({}, [sample.to_dict() for sample in samples])
    writer.compute_metrics(writer.results)
    content = json.loads((tmp_path / 'instances.json').read_text())
    names = [image['file_name'] for image in content['images']]
    assert names == (sorted(photos) if named else ['a.png', 'a.jpg', 'a.jpg'])
    assert [round(entry['score'], 1) for entry in content['annotations']] == [0.7, 0.5, 0.6]
    again = DetDataSample(metainfo=dict(img_id='day 2/a.jpg'))
    writer.load(again)
    assert again.pred_instances.bboxes.tolist() == [[2, 1, 5, 3]]


RLE = encode_mask(np.eye(4, 6) > 0)


@pytest.mark.parametrize(
    'change, words',
    [
        (dict(instances=None), 'its instances are a NoneType'),
        (dict(instances='', height=None), 'its instances are a str'),
        (dict(instances=[], height=None), 'its height is None'),
        (dict(instances=[], width=10**400), 'its width 1000'),
        (dict(instances=[7]), 'not subscriptable'),
        (dict(instances=[dict(label=1, score=0.5)]), "'mask' is missing"),
        (dict(instances=[dict(label=1.5, score=0.5, mask=RLE)]), r'the label 1\.5'),
        (dict(instances=[dict(label=1, score='1', mask=RLE)]), "the score '1'"),
        (dict(instances=[dict(label=1, score=10**400, mask=RLE)]), 'the score 1000'),
        (dict(instances=[dict(label=1, score=1, mask=dict(RLE, counts='000'))]), 'do not add up'),
        (dict(height=5), 'a mask has the size'),
        (dict(file_name=7), 'its file_name is 7'),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path, change, words):
    writer = InstanceWriter()
    path = writer.locate(tmp_path).path_of('a')
    content = dict(file_name='a.jpg', height=4, width=6, instances=[dict(label=1, score=0.5, mask=RLE)])
    write_json(path, content)
    writer.load(DetDataSample(metainfo=dict(img_id='a')))
    write_json(path, {**content, **change})
    with pytest.raises(ValueError, match=rf'a\.json is damaged \(.*{words}.*\); delete it') as caught:
        writer.load(DetDataSample(metainfo=dict(img_id='a')))
    assert '\n' not in str(caught.value)
