"""Models of shipped configs with random weights, as files that an inferencer reads."""

from pathlib import Path

import torch
from mmengine.registry import MODELS, init_default_scope

from projects.wsis.apis.configs import load_config

KINDS = dict(
    cam='configs/cam/cam_r18_36e_demo.py',
    irnet='configs/irnet/irnet_r18_20e_demo.py',
    mask_rcnn='configs/mask_rcnn/mask-rcnn_r18_6e_demo.py',
    bestie='configs/bestie/bestie_r18_18e_demo.py',
    deeplab='configs/deeplab/deeplab-v2_r18_20e_demo.py',
)


def save_random_model(kind: str, folder: Path) -> tuple[str, str]:
    """Write the config of a kind of model and a checkpoint of random weights as a training does; return both."""
    cfg = load_config(KINDS[kind])
    folder.mkdir(parents=True, exist_ok=True)
    config, checkpoint = folder / f'{kind}.py', folder / 'epoch_1.pth'
    cfg.dump(config)
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    state = MODELS.build(cfg.model).state_dict()
    torch.save(dict(state_dict=state, meta=dict(epoch=1, dataset_meta=dict(classes=tuple(cfg.classes)))), checkpoint)
    return str(config), str(checkpoint)
