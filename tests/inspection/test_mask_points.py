"""Points of true masks: one an object, on it, the same in every run."""

from functools import partial

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from projects.wsis.inspection.mask_points import make_mask_points
from projects.wsis.structures.masks import find_innermost_point, read_index_png


@pytest.fixture
def cfg(demo_root):
    classes = (demo_root / 'classes.txt').read_text().split()
    dataset = dict(type='VOCTagDataset', data_root=str(demo_root), metainfo=dict(classes=classes))
    return Config(dict(test_dataloader=dict(dataset=dataset)))


@pytest.mark.parametrize('place', ['innermost', 'random'])
def test_every_object_has_one_point_on_it(demo_root, cfg, place):
    points, classes = make_mask_points(cfg, place)
    assert len(points) == 8 and classes == list(cfg.test_dataloader.dataset.metainfo.classes)
    for photo, found in points.items():
        semantic, instance = (
            read_index_png(demo_root / folder / f'{photo}.png')
            for folder in ('SegmentationClass', 'SegmentationObject')
        )
        assert sorted(instance[point.y, point.x] for point in found) == sorted({*instance.ravel()} - {0, 255})
        assert all(semantic[point.y, point.x] == point.label + 1 for point in found)
        if place == 'innermost':
            assert all((point.y, point.x) == find_innermost_point(own_object(instance, point)) for point in found)


def own_object(instance, point):
    return instance == instance[point.y, point.x]


def test_random_points_depend_on_the_seed_only(demo_root, cfg, tmp_path):
    make = partial(make_mask_points, place='random')
    points, _ = make(cfg, seed=1)
    assert make(cfg, seed=1)[0] == points != make(cfg, seed=2)[0]
    photo = sorted(points)[-1]
    (tmp_path / 'one.txt').write_text(f'{photo}\n')
    cfg.test_dataloader.dataset.ann_file = str(tmp_path / 'one.txt')
    assert make(cfg, seed=1)[0] == {photo: points[photo]}


def test_bad_input_is_named(cfg, capsys):
    with pytest.raises(ValueError, match='place is one of innermost, random, not'):
        make_mask_points(cfg, 'middle')
    with pytest.raises(ValueError, match='seed is 0 or more, not -1'):
        make_mask_points(cfg, 'random', seed=-1)
    for kind in ('instance', 'sem_seg'):
        cfg.test_dataloader.dataset.data_prefix = {kind: 'nowhere'}
        with pytest.raises(ValueError, match='No object of a tagged class in .*nowhere'):
            make_mask_points(cfg)
        assert '0 of 8 photos have masks' in capsys.readouterr().out


def test_masks_of_two_sizes_are_named(demo_root, cfg, tmp_path):
    for path in (demo_root / 'SegmentationObject').glob('*.png'):
        Image.fromarray(np.ones((3, 4), np.uint8)).save(tmp_path / path.name)
    cfg.test_dataloader.dataset.data_prefix = dict(instance=str(tmp_path))
    with pytest.raises(ValueError, match=r'mask size \(3, 4\) is not that of'):
        make_mask_points(cfg)
