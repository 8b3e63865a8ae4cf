"""What the heads of BESTIE share: three kinds of maps, their size, and what they learn."""

from abc import abstractmethod
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmengine.registry import MODELS
from torch import Tensor, nn

from ...ops import InstanceLabels
from ..losses.inter_pixel import mean_over_count


class InstanceMaps(NamedTuple):
    """What a head of BESTIE gives.

    Attributes:
        semantic: ``(N, C + 1, h, w)`` logits, background first.
        center: ``(N, C, h, w)`` centre maps.
        offset: ``(N, 2, h, w)`` offsets ``(y, x)`` to the centre, in pixels of the network's input; None where they are
            not asked for.
    """

    semantic: Tensor
    center: Tensor
    offset: Tensor | None

    def apply(self, function: Callable[[Tensor], Tensor]) -> 'InstanceMaps':
        """Return the maps that a function makes of each of them."""
        return InstanceMaps(*(None if part is None else function(part) for part in self))


class InstanceHead(BaseModule):
    """Base class of heads that give semantic maps, class-wise centre maps and offsets (BESTIE, CVPR 2022, section 3.1).

    Args:
        num_classes: Number of classes, without background.
        align_corners: How maps are enlarged to the size of the labels.
        loss_semantic: Loss on (logits (N, C + 1, H, W), labels (N, H, W)).
        loss_center: Loss on (centre maps, target, weight, avg_factor).
        loss_offset: Loss on (offsets, target, weight, avg_factor).
        init_cfg: Initialisation of mmengine.
    """

    def __init__(
        self,
        num_classes: int,
        align_corners: bool,
        loss_semantic: dict | None = None,
        loss_center: dict | None = None,
        loss_offset: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.num_classes = num_classes
        self.align_corners = align_corners
        self.loss_semantic = MODELS.build(loss_semantic or dict(type='HardPixelCrossEntropyLoss', fraction=0.2))
        self.loss_center = MODELS.build(loss_center or dict(type='mmdet.MSELoss', loss_weight=200.0))
        self.loss_offset = MODELS.build(loss_offset or dict(type='mmdet.L1Loss', loss_weight=0.01))

    @abstractmethod
    def forward(self, features: tuple[Tensor, ...]) -> InstanceMaps:
        """Return the maps at the stride of the head."""

    def resize(self, maps: InstanceMaps, size: tuple[int, int]) -> InstanceMaps:
        """Return maps at another size, float32; offsets stay as they are."""
        return maps.apply(
            lambda part: F.interpolate(part.float(), size, mode='bilinear', align_corners=self.align_corners)
        )

    def loss(
        self,
        maps: InstanceMaps,
        labels: Tensor,
        pseudo: InstanceLabels,
        refined: InstanceLabels | None = None,
        refine_centers: bool = True,
        guidance: bool = True,
    ) -> dict[str, Tensor]:
        """Return the losses; where there are refined labels, both kinds count one half.

        Args:
            maps: Maps of the labels' size (:meth:`resize`).
            labels: ``(N, H, W)`` semantic labels: 0 background, 1..C classes, 255 ignore.
            pseudo: Labels of instances that semantic knowledge gives.
            refined: Labels that the network itself gave, or None before refinement starts.
            refine_centers: Whether centre maps learn from refined labels; with given points they do not.
            guidance: Whether the labels' weights hold for centre maps; else all pixels count the same.
        """
        offset_labels = dict(pseudo=pseudo) if refined is None else dict(pseudo=pseudo, refined=refined)
        center_labels = offset_labels if refine_centers else dict(pseudo=pseudo)
        losses = dict(loss_semantic=self.loss_semantic(maps.semantic, labels))
        for kind, targets in center_labels.items():
            weight = targets.weight if guidance else torch.ones_like(targets.weight)
            loss = _mean_loss(self.loss_center, maps.center, targets.center, weight)
            losses[f'loss_center_{kind}'] = loss / len(center_labels)
        for kind, targets in offset_labels.items():
            loss = _mean_loss(self.loss_offset, maps.offset, targets.offset, targets.weight)
            losses[f'loss_offset_{kind}'] = loss / len(offset_labels)
        return losses


def _mean_loss(loss: nn.Module, maps: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
    """Return the weighted sum of a loss over the number of pixels with a weight, of all processes (official code)."""
    # given the weight, mmdet's L1Loss would wait for a GPU to see whether any is positive
    total = (loss(maps, targets, reduction_override='none') * weight).sum()
    return mean_over_count(total, (weight > 0).sum())
