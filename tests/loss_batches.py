"""A small batch for the loss of each method: photos of two objects, or of nothing that a loss is made of."""

from pathlib import Path

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.dataset import Compose
from mmengine.registry import MODELS, init_default_scope
from mmengine.structures import InstanceData, PixelData
from tiny_chain.fixtures import CONFIGS
from tiny_chain.processes import ROOT
from torch import nn

from projects.wsis.apis.configs import load_config

SIZE = 64
#: Configs, and what their losses are made of.
KINDS = {
    'tiny_cam.py': 'tags',
    'tiny_pam.py': 'tags',
    'tiny_seam.py': 'tags',
    'tiny_ppc.py': 'tags',
    'tiny_eps.py': 'saliency',
    'tiny_ppc_eps.py': 'saliency',
    'tiny_eps_seam.py': 'saliency',
    'tiny_affinitynet.py': 'labels',
    'tiny_irnet.py': 'labels',
    'tiny_deeplab.py': 'labels',
    'tiny_bestie.py': 'points',
    str(ROOT / 'configs/mask_rcnn/mask-rcnn_r18_6e_demo.py'): 'instances',
}
META = dict(img_shape=(SIZE, SIZE), ori_shape=(SIZE, SIZE), pad_shape=(SIZE, SIZE), scale_factor=(1.0, 1.0))


def make_maps(empty: bool) -> np.ndarray:
    """Two objects on background; where there is nothing, all pixels are unsure."""
    maps = np.full((SIZE, SIZE), 255 if empty else 0, np.uint8)
    if not empty:
        maps[8:30, 8:30], maps[36:60, 30:60], maps[:, :4] = 2, 5, 255
    return maps


def make_sample(kind: str, empty: bool) -> DetDataSample:
    """A photo of two objects, or one with nothing that a loss is made of."""
    sample = DetDataSample(metainfo=META)
    tags = torch.zeros(8)
    tags[[1, 4]] = 0.0 if empty else 1.0
    maps = make_maps(empty)
    if kind in ('tags', 'saliency'):
        sample.gt_tags = tags
        sample.gt_saliency = PixelData(data=torch.from_numpy(255 * np.uint8((maps > 0) & (maps < 255)))[None])
    elif kind == 'labels':
        sample.gt_sem_seg = PixelData(data=torch.from_numpy(maps).long()[None])
    elif kind == 'instances':
        count = 0 if empty else 2
        boxes = torch.tensor([[8.0, 8, 30, 30], [30, 36, 60, 60]])[:count]
        masks = BitmapMasks(np.stack([maps == 2, maps == 5]).astype(np.uint8)[:count], SIZE, SIZE)
        sample.gt_instances = InstanceData(bboxes=boxes, labels=torch.tensor([1, 4])[:count], masks=masks)
    return sample


def make_bestie_sample(empty: bool) -> DetDataSample:
    points = np.zeros((0, 1, 2), np.float32) if empty else np.array([[[20.0, 20.0]], [[45.0, 50.0]]], np.float32)
    content = dict(
        img=np.zeros((SIZE, SIZE, 3), np.uint8),
        img_id='a',
        img_path='a.jpg',
        gt_seg_map=make_maps(empty),
        seg_map_kind='semantic_masks',
        tags=[1, 4],
        num_classes=8,
        gt_keypoints=points,
        point_labels=np.array([1, 4])[: len(points)],
        **META,
    )
    steps = [dict(type='GenerateInstancePseudoLabels', min_area=20), dict(type='PackTagInputs')]
    return Compose(steps)(content)['data_samples']


def build_model(name: str | Path) -> nn.Module:
    """Build the model of a config with random weights, in training mode."""
    cfg = load_config(CONFIGS / name)
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    if 'backbone' in cfg.model:
        cfg.model.backbone.init_cfg = None
    return MODELS.build(cfg.model).train()


def make_batch(model: nn.Module, kind: str, empty: bool = False) -> dict:
    """Return a preprocessed batch of two photos for a model's loss."""
    samples = [make_bestie_sample(empty) if kind == 'points' else make_sample(kind, empty) for _ in range(2)]
    photos = [torch.randint(0, 255, (3, SIZE, SIZE), dtype=torch.uint8) for _ in samples]
    return model.data_preprocessor(dict(inputs=photos, data_samples=samples), training=True)
