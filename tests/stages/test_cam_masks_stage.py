"""Masks straight from CAMs on the tiny chain: they hold the tags, go on after a break, and DeepLab learns from them."""

import numpy as np
import pytest
from mmengine.registry import DATASETS
from tiny_chain.fixtures import CONFIGS, make_labels, train

from projects.wsis.apis.configs import load_config
from projects.wsis.structures import PseudoLabelStore, read_json
from projects.wsis.structures.masks import read_index_png

CAMS = 'test_dataloader.dataset.data_prefix.cams'
MASKS = 'train_dataloader.dataset.data_prefix.semantic_masks'


@pytest.fixture
def photos(demo_environment):
    dataset = DATASETS.build(load_config(CONFIGS / 'tiny_cam.py').test_dataloader.dataset)
    return [dataset.get_data_info(index) for index in range(len(dataset))]


def test_masks_hold_the_tags_and_an_interrupted_call_goes_on(chain, photos, tmp_path):
    options = {CAMS: str(chain / 'cams/cams')}
    metrics = make_labels('tiny_cam_masks.py', None, tmp_path / 'masks', **options)
    store = PseudoLabelStore(tmp_path / 'masks/semantic_masks', 'semantic_masks', '.png')
    classes = list(load_config(CONFIGS / 'tiny_cam.py').metainfo.classes)
    assert store.check_readable(classes)['count'] == len(photos) == metrics['semantic_masks/photos'] == 8
    assert 0 < metrics['semantic/mIoU'] < 100
    seen = set()
    for info in photos:
        mask = read_index_png(store.path_of(info['img_id']))
        assert set(np.unique(mask).tolist()) <= {0, *(tag + 1 for tag in info['tags'])}
        assert mask.shape == read_index_png(info['seg_map_path']).shape
        seen |= set(np.unique(mask).tolist())
    assert 0 in seen and len(seen) > 2
    gone = store.path_of(photos[3]['img_id'])
    expected, times = gone.read_bytes(), {path: path.stat().st_mtime_ns for path in store.root.glob('*.png')}
    gone.unlink()
    assert make_labels('tiny_cam_masks.py', None, tmp_path / 'masks', **options) == metrics
    assert gone.read_bytes() == expected
    assert [path for path, when in times.items() if path.stat().st_mtime_ns != when] == [gone]


def test_deeplab_learns_from_the_masks(chain, demo_environment, tmp_path):
    make_labels('tiny_cam_masks.py', None, tmp_path / 'masks', **{CAMS: str(chain / 'cams/cams')})
    manifest = read_json(tmp_path / 'masks/semantic_masks/manifest.json')
    assert manifest['lineage']['inputs']['cams'] and manifest['lineage']['checkpoint_hash'] is None
    options = {MASKS: str(tmp_path / 'masks/semantic_masks'), 'model.backbone.init_cfg': None}
    train('tiny_deeplab.py', tmp_path / 'deeplab', **options)
    assert (tmp_path / 'deeplab/epoch_1.pth').is_file()
