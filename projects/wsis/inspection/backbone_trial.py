"""Trying a backbone in a method: a training step and a prediction on made-up photos, of a size no stride divides."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.optim import build_optim_wrapper
from mmengine.registry import MODELS, init_default_scope
from mmengine.structures import InstanceData
from torch import distributed, nn

from ..apis.configs import load_config
from ..engine.safe_loading import safe_loading
from ..models.feature_levels import build_with_levels, infer_feature_levels, takes_any_size

SIZE = (101, 118)
BOXES = ((16, 20, 60, 80), (70, 40, 110, 90))  # x1, y1, x2, y2
PYRAMID_LEVELS = 4  # that an FPN is meant for
# what makes inputs of a method of what is loaded; all before it depends on files
PACKING = ('GenerateInstancePseudoLabels', 'PackTagInputs', 'PackSegInputs', 'PackDetInputs')


@dataclass(frozen=True)
class Trial:
    """What came of a trial.

    Attributes:
        error: None if all went well, else one line.
        parameters: Of the whole model.
        step_seconds: The faster of two training steps.
        settings: Settings beside the backbone that were needed.
    """

    error: str | None = None
    parameters: int = 0
    step_seconds: float = 0.0
    settings: tuple[str, ...] = ()


def try_backbone(config: str, backbone: Mapping[str, Any], photos: int = 2) -> Trial:
    """Put a backbone into a config, train a step and predict; in a process group, under DistributedDataParallel.

    Args:
        config: Training config of a method.
        backbone: The backbone to put instead of its own.
        photos: Batch size of the step.
    """
    try:
        cfg = load_config(config)
        init_default_scope(cfg.default_scope)
        cfg.model.backbone = dict(backbone)
        if cfg.model.type == 'BESTIE':  # it pads images to a multiple of 32, but not the labels of a crop that is none
            cfg.model.data_preprocessor.pop('pad_size_divisor', None)
        settings = _adapt_host_model(cfg)
        torch.manual_seed(0)
        with safe_loading():  # a model may load another while it is built
            model = MODELS.build(cfg.model)
        seconds = min(_train_step(cfg, model, photos) for _ in range(2))
        _predict(cfg, model)
    except Exception as error:  # whatever a backbone may raise belongs into the table
        return Trial(' '.join(f'{type(error).__name__}: {error}'.split()))
    return Trial(None, sum(parameter.numel() for parameter in model.parameters()), seconds, settings)


def _adapt_host_model(cfg: Config) -> tuple[str, ...]:
    """Set what models of mmdet and mmseg, unlike ours, do not read off their backbone; return what was set."""
    head, neck = cfg.model.get('decode_head'), cfg.model.get('neck')
    if head is None and (neck is None or neck.type != 'FPN'):
        return ()
    backbone, built = build_with_levels(cfg.model.backbone, PYRAMID_LEVELS if head is None else 1)
    levels, settings = infer_feature_levels(backbone), ()
    if built is not cfg.model.backbone:
        cfg.model.backbone = built
        settings = (f'backbone.out_indices={built["out_indices"]}',)
    channels = [level.channels for level in levels]
    if head is None:
        neck.in_channels = channels
        return (*settings, f'neck.in_channels={channels}')
    head.in_channels = channels[-1]
    settings = (*settings, f'decode_head.in_channels={channels[-1]}')
    if takes_any_size(backbone, levels):
        return settings
    divisor = max(level.stride for level in levels)
    cfg.model.data_preprocessor.update(size_divisor=divisor, test_cfg=dict(size_divisor=divisor))
    padding = f'size_divisor={divisor}'
    return (*settings, f'data_preprocessor.{padding}', f'data_preprocessor.test_cfg=dict({padding})')


def _train_step(cfg: Config, model: nn.Module, photos: int) -> float:
    """Train a step and return its seconds.

    Raises:
        ValueError: If the loss is not finite.
    """
    wrapped = nn.parallel.DistributedDataParallel(model) if distributed.is_initialized() else model
    optimizer = build_optim_wrapper(model, cfg.optim_wrapper)
    pipeline = Compose([step for step in cfg.train_dataloader.dataset.pipeline if step.type in PACKING])
    rank = distributed.get_rank() if distributed.is_initialized() else 0
    batch = pseudo_collate([pipeline(make_photo(cfg, seed + photos * rank)) for seed in range(photos)])
    model.train()
    began = time.perf_counter()
    data = model.data_preprocessor(batch, True)
    losses = wrapped(data['inputs'], data['data_samples'], mode='loss')
    total, _ = model.parse_losses(losses)
    optimizer.update_params(total)
    seconds = time.perf_counter() - began
    if not torch.isfinite(total):
        raise ValueError(f'the loss is {float(total)}')
    return seconds


def _predict(cfg: Config, model: nn.Module) -> None:
    model.eval()
    photo = make_photo(cfg, 0)
    packing = 'PackDetInputs' if cfg.train_dataloader.dataset.type == 'CocoDataset' else 'PackTagInputs'
    batch = pseudo_collate([Compose([dict(type=packing)])(photo)])
    for sample in batch['data_samples']:
        sample.set_metainfo(dict(tags=photo['tags'], scale_factor=(1.0, 1.0)))
        maps = torch.rand(len(photo['tags']), *((length + 3) // 4 for length in SIZE))
        sample.cams = InstanceData(cams=maps, labels=torch.tensor(photo['tags']))
    with torch.no_grad():
        model.test_step(batch)


def make_photo(cfg: Config, seed: int) -> dict[str, Any]:
    """Make up a photo with two objects, and all that a method may learn from.

    Args:
        cfg: Its config, for the number of classes.
        seed: Of its colours.
    """
    height, width = SIZE
    labels = np.full(SIZE, 0, np.uint8)
    masks = np.zeros((len(BOXES), *SIZE), np.uint8)
    for number, (left, top, right, bottom) in enumerate(BOXES):
        masks[number, top:bottom, left:right] = 1
        labels[top:bottom, left:right] = number + 1
    labels[:6] = 255
    return dict(
        img=np.random.default_rng(seed).integers(0, 255, (*SIZE, 3), np.uint8),
        img_id=f'photo {seed}',
        img_path=f'photo {seed}.jpg',
        file_name=f'photo {seed}.jpg',
        ori_shape=SIZE,
        img_shape=SIZE,
        scale_factor=(1.0, 1.0),
        tags=[0, 1],
        num_classes=cfg.num_classes,
        gt_seg_map=labels,
        gt_keypoints=np.array([[[38.0, 50.0]], [[90.0, 65.0]]], np.float32),
        point_labels=np.array([0, 1]),
        gt_bboxes=HorizontalBoxes(np.array(BOXES, np.float32)),
        gt_bboxes_labels=np.array([0, 1]),
        gt_ignore_flags=np.zeros(2, bool),
        gt_masks=BitmapMasks(masks, height, width),
    )
