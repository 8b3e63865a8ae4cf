"""Points and components: they follow the photo through resizing, flipping and cropping; bad input."""

import json

import numpy as np
import pytest
from mmcv.transforms import Compose

from projects.wsis.datasets import VOCTagDataset
from projects.wsis.datasets.transforms import GenerateInstancePseudoLabels, LoadPoints
from projects.wsis.structures.point_file import Point

CLASSES = ('cat', 'dog')


def results_of(label_map, points, tags=(0, 1)):
    height, width = label_map.shape
    return dict(
        img=np.zeros((height, width, 3), np.uint8),
        img_id='a',
        img_shape=(height, width),
        ori_shape=(height, width),
        gt_seg_map=label_map,
        seg_fields=['gt_seg_map'],
        points=[Point(*point) for point in points],
        tags=list(tags),
        classes=CLASSES,
    )


def label_map_of(*boxes, size=(60, 80)):
    label_map = np.zeros(size, np.uint8)
    for label, top, left, bottom, right in boxes:
        label_map[top:bottom, left:right] = label + 1
    return label_map


def run(results, *steps):
    return Compose([LoadPoints(), *steps, GenerateInstancePseudoLabels()])(results)


def test_components_with_one_point_of_their_class_are_accepted():
    label_map = label_map_of((0, 2, 2, 22, 22), (0, 2, 40, 22, 60), (0, 30, 2, 50, 22), (1, 30, 40, 50, 60))
    points = [(0, 5, 5), (0, 3, 41), (0, 9, 51), (1, 40, 10), (1, 49, 59), (0, 40, 50), (0, 28, 70), (0, 4, 6, 0.7)]
    found = run(results_of(label_map, points))
    # by class, then in raster order: one point; two; none of its class; one of its class and one of the other
    assert found['components']['labels'].tolist() == [0, 0, 0, 1]
    assert found['components']['accepted'].tolist() == [True, False, False, True]
    assert found['components']['centroids'].tolist() == [[11, 11], [11, 49], [39, 11], [39, 49]]
    assert len(found['gt_points']['labels']) == 7  # a score of .7 is not over it


def test_small_and_untagged_components_are_left_out():
    label_map = label_map_of((0, 0, 0, 7, 7), (0, 20, 20, 25, 30), (1, 30, 40, 50, 60))
    found = run(results_of(label_map, [(0, 22, 22)], tags=[0]))
    assert found['components']['labels'].tolist() == [0] and (found['component_map'] > 0).sum() == 50


@pytest.mark.parametrize('seed', range(8))
def test_points_stay_on_their_objects(seed):
    np.random.seed(seed)
    label_map = label_map_of((0, 2, 2, 22, 22), (1, 30, 40, 50, 60))
    steps = [
        dict(type='RandomResizeLongSide', length_range=(60, 120), interpolation='bilinear'),
        dict(type='mmcv.RandomFlip', prob=0.5),
        dict(type='RandomCropAndPad', crop_size=70),
    ]
    found = run(results_of(label_map, [(0, 12, 12), (1, 40, 50)]), *steps)
    points = found['gt_points']
    assert len(points['labels']) == len(points['points']) and found['gt_seg_map'].shape == (70, 70)
    for label, (y, x) in zip(points['labels'], points['points']):
        assert found['gt_seg_map'][y, x] == label + 1
    visible = [label for label in (0, 1) if (found['gt_seg_map'] == label + 1).sum() >= 50]
    assert found['components']['labels'].tolist() == visible


def test_flipped_points_are_the_pixels_of_the_flipped_photo():
    label_map = label_map_of((0, 0, 0, 60, 1))
    found = run(results_of(label_map, [(0, 3, 0)]), dict(type='mmcv.RandomFlip', prob=1.0))
    assert found['gt_points']['points'].tolist() == [[3, 79]] and found['components']['accepted'].tolist() == [True]


def test_more_points_than_the_public_code_can_hold():
    label_map = label_map_of((0, 0, 0, 60, 80))
    points = [(0, y, x) for y in range(10) for x in range(20)]
    found = run(results_of(label_map, points))
    assert len(found['gt_points']['labels']) == 200 and not found['components']['accepted'].any()


@pytest.mark.parametrize('value', [0, 255])
def test_maps_without_objects(value):
    found = run(results_of(np.full((60, 80), value, np.uint8), [(0, 3, 3)]))
    assert not found['component_map'].any()
    assert found['components']['centroids'].shape == (0, 2) and found['components']['accepted'].shape == (0,)


def test_no_point_at_all():
    found = run(results_of(label_map_of((0, 2, 2, 22, 22)), []), dict(type='RandomCropAndPad', crop_size=70))
    assert found['gt_points']['points'].shape == (0, 2) and found['components']['accepted'].tolist() == [False]


def test_points_between_pixels():
    label_map = label_map_of((0, 0, 60, 60, 80))
    found = run(results_of(label_map, [(0, 59.9, 79.5)]))
    assert found['gt_points']['points'].tolist() == [[59, 79]] and found['components']['accepted'].tolist() == [True]
    mirrored = run(results_of(label_map, [(0, 3.5, 79.5)]), dict(type='mmcv.RandomFlip', prob=1.0))
    assert mirrored['gt_points']['points'].tolist() == [[3, 0]]


def test_wrong_points_are_named():
    label_map = label_map_of((0, 2, 2, 22, 22))
    with pytest.raises(ValueError, match=r'Photo a: the point of cat at \(y, x\) = \(60, 3\) lies outside'):
        run(results_of(label_map, [(0, 60, 3)]))
    with pytest.raises(ValueError, match='Photo a: there is a point of dog, but the photo is tagged cat'):
        run(results_of(label_map, [(1, 6, 3)], tags=[0]))
    results = results_of(label_map, [])
    del results['points']
    with pytest.raises(ValueError, match='points_file'):
        run(results)


@pytest.mark.parametrize('key, loader', [('gt_seg_map', 'LoadSemanticMasks'), ('points', 'LoadPoints')])
def test_missing_steps_are_named(key, loader):
    results = results_of(label_map_of((0, 2, 2, 22, 22)), [])
    if key == 'gt_seg_map':
        results = LoadPoints()(results)
    del results[key]
    with pytest.raises(ValueError, match=f'needs {loader} before it'):
        GenerateInstancePseudoLabels()(results)


def test_dataset_reads_points(demo_root, tmp_path):
    classes = (demo_root / 'classes.txt').read_text().split()
    settings = dict(data_root=str(demo_root), metainfo=dict(classes=classes))
    photo = (demo_root / 'ImageSets/Segmentation/train.txt').read_text().split()[0]
    tag = VOCTagDataset(**settings)[0]['tags'][0]
    path = tmp_path / 'points.json'
    path.write_text(json.dumps(dict(points=[{'photo': photo, 'class': classes[tag], 'y': 3, 'x': 4}])))
    dataset = VOCTagDataset(points_file=str(path), **settings)
    assert dataset[0]['points'] == [Point(tag, 3, 4, 1.0)] and dataset[1]['points'] == []
    path.write_text(json.dumps(dict(points=[{'photo': 'a.jpg', 'class': classes[tag], 'y': 3, 'x': 4}])))
    with pytest.raises(ValueError, match='has no point of any of the 8 photos'):
        VOCTagDataset(points_file=str(path), **settings)
    path.write_text(json.dumps(dict(points=[])))
    with pytest.raises(ValueError, match=r'points\.json has no point$'):
        VOCTagDataset(points_file=str(path), **settings)
    untagged = next(name for name in classes if classes.index(name) not in dataset[0]['tags'])
    path.write_text(json.dumps(dict(points=[{'photo': photo, 'class': untagged, 'y': 3, 'x': 4}])))
    with pytest.raises(ValueError, match=f'Photo {photo}: there is a point of {untagged}, but the photo is tagged'):
        VOCTagDataset(points_file=str(path), **settings)
    with pytest.raises(FileNotFoundError, match='Points file nowhere.json does not exist'):
        VOCTagDataset(points_file='nowhere.json', **settings)
