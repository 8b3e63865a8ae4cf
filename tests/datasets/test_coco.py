"""CocoTagDataset: photos, tags and masks of a COCO json, and what is wrong with one."""

import json
from pathlib import Path

import numpy as np
import pytest
from mmengine.registry import DATASETS
from PIL import Image
from pycocotools import mask as coco_mask

from projects.wsis.apis.configs import load_config
from projects.wsis.datasets import CocoTagDataset
from projects.wsis.datasets.coco import COCO_CATEGORIES, COCO_CLASSES
from projects.wsis.datasets.transforms import LoadEvaluationMasks, LoadPhoto
from projects.wsis.structures import write_json

CLASSES = ('red fox', 'Café')
SQUARE = [[2, 1, 6, 1, 6, 5, 2, 5]]


@pytest.fixture
def content() -> dict:
    """Four photos: two classes, crowds beside an instance and alone, nothing. Category ids have a hole."""
    names = ('a.jpg', 'day 1/b.jpg', 'c.jpg', 'd.jpg')
    crowd = dict(iscrowd=1, segmentation=dict(size=[8, 12], counts=[8, 24, 64]))
    return dict(
        images=[dict(id=10 + index, file_name=name, height=8, width=12) for index, name in enumerate(names)],
        categories=[dict(id=7, name='Café'), dict(id=3, name='red fox'), dict(id=9, name='tree')],
        annotations=[
            dict(id=1, image_id=10, category_id=3, segmentation=SQUARE, iscrowd=0),
            dict(id=2, image_id=10, category_id=7, **crowd),
            dict(id=3, image_id=11, category_id=7, segmentation=SQUARE),
            dict(id=4, image_id=11, category_id=7, segmentation=[], bbox=[0, 0, 0, 0]),
            dict(id=5, image_id=12, category_id=3, **crowd),
        ],
    )


@pytest.fixture
def root(tmp_path, content) -> Path:
    for image in content['images']:
        path = tmp_path / 'photos' / image['file_name']
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((8, 12, 3), np.uint8)).save(path)
    return tmp_path


def build(root: Path, content: dict, **settings) -> CocoTagDataset:
    write_json(root / 'instances.json', content)
    settings = dict(metainfo=dict(classes=CLASSES), ignore_unknown_classes=True) | settings
    prefix = dict(img_path='photos', **settings.pop('data_prefix', {}))
    return DATASETS.build(
        dict(type='CocoTagDataset', data_root=str(root), ann_file='instances.json', data_prefix=prefix, **settings)
    )


def infos_of(dataset: CocoTagDataset) -> dict[str, dict]:
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    return {info['img_id']: info for info in infos}


def one_line(root: Path, content: dict, message: str, **settings) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        build(root, content, **settings)
    assert '\n' not in str(caught.value)


def test_map_of_categories_is_that_of_coco():
    from mmdet.datasets import CocoDataset

    assert CocoDataset.METAINFO['classes'] == COCO_CLASSES and len(COCO_CLASSES) == 80
    assert set(range(1, 91)) - COCO_CATEGORIES.keys() == {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
    assert (COCO_CATEGORIES[1], COCO_CATEGORIES[44], COCO_CATEGORIES[90]) == ('person', 'bottle', 'toothbrush')


@pytest.mark.parametrize('name, photos', [('coco2014', 'train2014'), ('coco2017', 'train2017')])
def test_shipped_files_name_coco(name, photos):
    data = load_config(f'configs/_base_/datasets/{name}.py')
    assert data.classes == COCO_CLASSES and data.num_classes == 80
    for dataset in (data.weak_dataset, data.label_dataset):
        assert dataset.data_prefix.img_path == photos and dataset.ann_file == f'annotations/instances_{photos}.json'
    assert data.val_dataset.data_prefix.img_path == photos.replace('train', 'val')
    assert data.photo_folder == f'data/coco/{photos}/'


def test_tags_are_categories_with_an_instance_that_is_no_crowd(root, content):
    infos = infos_of(build(root, content))
    assert {photo: info['tags'] for photo, info in infos.items()} == {
        'a.jpg': [0],
        'day 1/b.jpg': [1],
        'c.jpg': [],
        'd.jpg': [],
    }
    assert infos['day 1/b.jpg']['img_path'] == str(root / 'photos/day 1/b.jpg')
    assert infos['day 1/b.jpg']['file_name'] == 'day 1/b.jpg'
    assert 'mask_annotations' not in infos['a.jpg'], 'weak training sees no mask'
    assert list(infos_of(build(root, content, filter_cfg=dict(filter_empty_tags=True)))) == ['a.jpg', 'day 1/b.jpg']


def test_masks_of_polygons_and_rle_in_lists_and_text(root, content):
    mask = np.zeros((8, 12), np.uint8, order='F')
    mask[:, 1:4] = 1
    text = coco_mask.encode(mask)
    content['annotations'][4]['segmentation'] = dict(size=text['size'], counts=text['counts'].decode())
    infos = infos_of(build(root, content, with_masks=True))
    for photo, instances in (('a.jpg', 1), ('c.jpg', 0)):
        loaded = LoadEvaluationMasks().transform(LoadPhoto().transform(infos[photo]))
        assert len(loaded['instances']) == instances, 'a crowd is no instance'
        crowd = loaded['evaluation_sem_seg'] == 255
        inside = np.zeros((8, 12), bool)
        inside[1:5, 2:6] = instances  # the instance, which is smaller, lies above its crowd
        np.testing.assert_array_equal(crowd, (mask > 0) & ~inside)
    assert [entry['bbox_label'] for entry in infos['day 1/b.jpg']['mask_annotations']] == [1]
    assert infos['d.jpg']['mask_annotations'] == []


def test_ids_as_text_and_images_listed_twice(root, content):
    expected = {photo: info['tags'] for photo, info in infos_of(build(root, content)).items()}
    for annotation in content['annotations']:
        annotation['image_id'] = str(annotation['image_id'])
        annotation['category_id'] = str(annotation['category_id'])
    content['images'].append(dict(id=99, file_name='c.jpg', height=8, width=12))
    content['annotations'].append(dict(id=6, image_id=99, category_id=7, segmentation=SQUARE))
    infos = infos_of(build(root, content))
    assert {photo: info['tags'] for photo, info in infos.items()} == {**expected, 'c.jpg': [1]}


def test_photos_without_a_file_are_left_out_and_counted(root, content, warnings_of_log):
    (root / 'photos/a.jpg').unlink()
    assert list(infos_of(build(root, content))) == ['day 1/b.jpg', 'c.jpg', 'd.jpg']
    assert any('1 of 4 photos' in line for line in warnings_of_log)


def test_bad_json_is_one_line(root, content):
    one_line(root, content, "category 'tree' is not in the class list", ignore_unknown_classes=False)
    one_line(root, [dict(image_id=1, score=0.5)], 'is a list, as of detections')
    one_line(root, dict(content, annotations=[dict(image_id=10, category_id=4)]), "'4' is missing among its")
    one_line(root, dict(content, annotations=[dict(image_id=1, category_id=3)]), "'1' is missing among its")
    one_line(root, {'images': []}, "'categories' is missing")
    one_line(root, content, 'leave out tags_file', tags_file='tags.json')
    for name in ('../x.jpg', '/x.jpg', 'a\\..\\..\\x.jpg'):
        content['images'][0]['file_name'] = name
        one_line(root, content, 'is not a path below the photo folder')


def test_another_order_of_coco_ids_is_noticed(root, content):
    settings = dict(metainfo={}, ignore_unknown_classes=False)
    content['categories'] = [dict(id=key, name=name) for key, name in COCO_CATEGORIES.items()]
    infos = infos_of(build(root, content, **settings))
    assert infos['a.jpg']['tags'] == [COCO_CLASSES.index('car')]
    content['categories'] = [dict(id=key, name=name) for key, name in enumerate(COCO_CLASSES, 1)]
    one_line(root, content, "category 'stop sign' has the id 12, in COCO it is 13", **settings)


def test_split_of_the_doctor_is_the_list_of_images(root, content):
    content['images'].append(content['images'][0])
    path = root / 'twice.json'
    path.write_text(json.dumps(content))
    assert CocoTagDataset.read_split(str(path)) == ['a.jpg', 'day 1/b.jpg', 'c.jpg', 'd.jpg', 'a.jpg']
