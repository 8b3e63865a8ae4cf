"""Photos of one pixel's width, height or both go through every label-making and predicting stage."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import MODELS, DefaultScope, init_default_scope
from PIL import Image
from tiny_chain.fixtures import CONFIGS
from tiny_chain.processes import ROOT

from projects.wsis.apis.configs import load_config
from projects.wsis.apis.launch import apply_tta
from projects.wsis.structures import PseudoLabelStore
from projects.wsis.structures.point_file import Point

SIZES = [(1, 1), (1, 30), (30, 1), (2, 1), (500, 1), (1, 2000)]
TAGS = [0, 2]
STAGES = {
    'tiny_cam.py': 'pred_cams',
    'tiny_seam.py': 'pred_cams',
    'tiny_ppc.py': 'pred_cams',
    'tiny_eps.py': 'pred_cams',
    'tiny_ppc_eps.py': 'pred_cams',
    'tiny_pam.py': 'pred_peaks',
    'tiny_inter_pixel_labels.py': 'pred_sem_seg',
    'tiny_affinity_labels.py': 'pred_sem_seg',
    'tiny_cam_masks.py': 'pred_sem_seg',
    'tiny_irnet.py': 'pred_sem_seg',
    'tiny_affinitynet.py': 'pred_sem_seg',
    'tiny_deeplab.py': 'pred_sem_seg',
    'tiny_deeplab_maps.py': 'pred_sem_seg',
    'tiny_bestie.py': 'pred_instances',
    'tiny_bestie_labels.py': 'pred_instances',
    'tiny_bestie_point_labels.py': 'pred_instances',
    'mask_rcnn/mask-rcnn_r18_6e_demo.py': 'pred_instances',
    'deeplab/deeplab-v3plus_mobilenet-v2_40e_photos.py': 'pred_sem_seg',
}


@pytest.fixture(autouse=True)
def own_scope(monkeypatch):
    monkeypatch.setattr(DefaultScope, '_instance_dict', DefaultScope._instance_dict.copy())


@cache
def build(name):
    """The test pipeline and the model of a config, with random weights."""
    data = ROOT / 'tests/data/photos.py' if 'photos' in name else None  # it has a val split
    cfg = load_config(ROOT / 'configs' / name if '/' in name else CONFIGS / name, data=data)
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    if cfg.get('tta'):
        apply_tta(cfg)
    if 'backbone' in (inner := cfg.model.get('module', cfg.model)):
        inner.backbone.init_cfg = None
    model = MODELS.build(cfg.model).eval()
    return Compose(cfg.test_dataloader.dataset.pipeline), model


def make_info(folder: Path, size: tuple[int, int]) -> dict:
    """A photo with its CAMs and a point."""
    rng = np.random.default_rng(0)
    path = folder / 'thin.png'
    Image.fromarray(rng.integers(0, 256, (*size, 3), dtype=np.uint8)).save(path)
    store = PseudoLabelStore(folder / 'cams', 'cams', '.npz')
    store.write_arrays(
        'thin',
        cams=rng.random((len(TAGS), -(-size[0] // 4), -(-size[1] // 4))).astype(np.float16),
        labels=np.array(TAGS),
        size=np.array(size),
        scores=np.ones(3, np.float32),
        mode=np.array('pseudo_label'),
    )
    info = dict(img_path=str(path), img_id='thin', tags=TAGS, num_classes=3, cam_dir=str(store.root))
    return dict(info, points=[Point(2, size[0] - 1, size[1] - 1)], classes=('a', 'b', 'c'))


@pytest.mark.parametrize('name', STAGES)
@pytest.mark.parametrize('size', SIZES, ids=lambda size: f'{size[0]}x{size[1]}')
def test_thin_photo(name, size, tmp_path):
    pipeline, model = build(name)
    init_default_scope('mmseg' if 'deeplab' in name else 'mmdet')
    data = pseudo_collate([pipeline(make_info(tmp_path, size))])
    with torch.no_grad():
        (sample,) = model.test_step(data)
    found = sample.get(STAGES[name])
    if STAGES[name] == 'pred_cams':
        assert found.cams.shape[0] == len(TAGS) and found.cams.isfinite().all()
    elif STAGES[name] == 'pred_peaks':
        assert (found.points >= 0).all() and (found.points < torch.tensor(size)).all()
    elif STAGES[name] == 'pred_sem_seg':
        assert tuple(found.data.shape[-2:]) == size
    else:
        assert tuple(found.masks.shape[1:]) == size
