"""How right the pseudo labels and the prototype pixels of PPC's contrast are, by true masks."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from mmengine.runner import Runner
from mmengine.structures import PixelData
from mmengine.utils import track_iter_progress
from torch import Tensor, nn
from torch.utils.data import DataLoader

from projects.wsis.engine.checkpoint_match import load_matching
from projects.wsis.engine.safe_checkpoint import load_checkpoint_safely
from projects.wsis.ops.prototypes import choose_confident_pixels, flatten_pixels
from projects.wsis.structures.masks import IGNORE_LABEL


@dataclass
class Count:
    """Right ones among all."""

    right: int = 0
    all: int = 0

    def add(self, right: Tensor) -> None:
        """Count a bool tensor."""
        self.right += int(right.sum())
        self.all += right.numel()

    @property
    def percentage(self) -> float:
        """Right ones, in percent; NaN of none."""
        return 100 * self.right / self.all if self.all else float('nan')


@dataclass
class ViewQuality:
    """Shares of right pixels in one view. Pixels whose mask is unknown (255, or padding) count nowhere.

    Attributes:
        foreground_precision: Right ones among the pixels with the pseudo label of a class.
        foreground_recall: Right ones among the pixels of a true class.
        background_precision: Right ones among the pixels with the pseudo label of the background.
        class_prototypes: Right ones among the pixels of which the classes of the batch have their prototypes.
        background_prototype: The same of the background.
    """

    foreground_precision: Count = field(default_factory=Count)
    foreground_recall: Count = field(default_factory=Count)
    background_precision: Count = field(default_factory=Count)
    class_prototypes: Count = field(default_factory=Count)
    background_prototype: Count = field(default_factory=Count)

    def add_labels(self, labels: Tensor, truth: Tensor) -> None:
        """Count pseudo labels against true ones, both of one shape."""
        labels, truth = labels[truth != IGNORE_LABEL], truth[truth != IGNORE_LABEL]
        right = labels == truth
        self.foreground_precision.add(right[labels > 0])
        self.foreground_recall.add(right[truth > 0])
        self.background_precision.add(right[labels == 0])

    def add_prototypes(self, pixels: Tensor, truth: Tensor, tags: Tensor) -> None:
        """Count the pixels ``(C + 1, k)`` of prototypes by true labels ``(P,)``; tags ``(N, C)`` are of the batch."""
        for number in (0, *(tags.amax(0).nonzero()[:, 0] + 1).tolist()):
            found = truth[pixels[number]]
            count = self.class_prototypes if number else self.background_prototype
            count.add(found[found != IGNORE_LABEL] == number)


def measure_contrast_labels(
    cfg: Config, checkpoint: str | Path, batches: int, batch_size: int, long_side: int, device: str
) -> tuple[ViewQuality, ViewQuality]:
    """Return the quality of the contrast's pseudo labels and prototypes in the larger and in the smaller view.

    The images are drawn at random from the test data set of the config and reduced to a longest side. Their masks are
    read for these numbers only.

    Args:
        cfg: Training config of X + PPC.
        checkpoint: Of this model, or of X alone.
        batches: How many batches.
        batch_size: Images in each.
        long_side: Longest side of the images in pixels.
        device: Where the model runs.

    Raises:
        ValueError: If the model has no contrast, the checkpoint is of another one, an image has no mask, or there are
            fewer images than a batch.
    """
    init_default_scope(cfg.default_scope)
    model = _build_model(cfg, checkpoint).to(device)
    contrast = model.contrast_head.loss_contrast
    loader = _build_loader(cfg, batch_size, long_side)
    batches = min(batches, len(loader))
    qualities = ViewQuality(), ViewQuality()
    for batch, _ in zip(loader, track_iter_progress(range(batches), file=sys.stderr)):
        data = model.data_preprocessor(batch, True)
        views, tags, size = _run_contrast(model, **data)
        truth = _reduce_nearest(_stack_masks(data['data_samples']), size)
        for quality, maps in zip(qualities, views):
            labels, confidences = contrast.label_pixels(maps, tags, size)
            quality.add_labels(labels.cpu(), truth)
            pixels = choose_confident_pixels(flatten_pixels(confidences), contrast.count_prototype_pixels(size))
            quality.add_prototypes(pixels.cpu(), truth.flatten(), tags)
    return qualities


def _build_model(cfg: Config, checkpoint: str | Path) -> nn.Module:
    if not cfg.model.get('contrast_head'):
        raise ValueError(f'the model {cfg.model.type} has no contrast_head: give a training config of PPC')
    cfg.model.backbone.init_cfg = None  # the checkpoint has all weights
    model = MODELS.build(cfg.model).eval()
    misfit = load_matching(model, load_checkpoint_safely(str(checkpoint)), training=False)
    if misfit.count:
        raise ValueError(misfit.describe(str(checkpoint), cfg.model.type))
    return model


def _build_loader(cfg: Config, batch_size: int, long_side: int) -> DataLoader:
    pipeline = [
        dict(type='LoadPhoto'),
        dict(type='LoadEvaluationMasks'),
        dict(type='mmcv.Resize', scale=(long_side, long_side), keep_ratio=True),
        dict(type='PackTagInputs'),
    ]
    settings = {
        **cfg.test_dataloader,
        'batch_size': batch_size,
        'drop_last': True,
        'sampler': dict(type='DefaultSampler', shuffle=True, seed=0),
        'dataset': {**cfg.test_dataloader.dataset, 'pipeline': pipeline},
    }
    loader = Runner.build_dataloader(settings)
    if not len(loader):
        raise ValueError(f'{len(loader.dataset)} images are fewer than a batch of {batch_size}')
    return loader


@torch.no_grad()
def _run_contrast(
    model: nn.Module, inputs: Tensor, data_samples: list[DetDataSample]
) -> tuple[tuple[Tensor, Tensor], Tensor, tuple[int, int]]:
    """Return the class maps of both views, the tags, and the size at which the contrast takes place."""
    for sample in data_samples:  # EPS asks for it, although its own losses are not needed here
        sample.gt_saliency = PixelData(data=inputs.new_zeros(1, *inputs.shape[-2:]))
    seen = []
    head = model.contrast_head
    shipped, head.loss = head.loss, lambda *arguments: seen.append(arguments) or {}
    try:
        model(inputs, data_samples, mode='loss')
    finally:
        head.loss = shipped
    _, maps1, features2, maps2, tags = seen[0]
    return (maps1, maps2), tags, tuple(features2.shape[-2:])


def _stack_masks(samples: list[DetDataSample]) -> Tensor:
    """Return the true labels (N, H, W) of images that were resized and padded, 255 in the padding."""
    height, width = samples[0].batch_input_shape
    masks = torch.full((len(samples), height, width), IGNORE_LABEL, dtype=torch.uint8)
    for mask, sample in zip(masks, samples):
        if 'gt_sem_seg' not in sample:
            raise ValueError(f'{sample.img_id} has no mask in the data set: take images that have one')
        rows, columns = sample.img_shape[:2]
        mask[:rows, :columns] = _reduce_nearest(sample.gt_sem_seg.data, (rows, columns))[0]
    return masks


def _reduce_nearest(masks: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize masks (N, H, W) by the nearest pixel, corners aligned as the maps of the contrast are."""
    rows, columns = (
        torch.linspace(0, length - 1, count).round().long() for length, count in zip(masks.shape[-2:], size)
    )
    return masks[:, rows][:, :, columns]
