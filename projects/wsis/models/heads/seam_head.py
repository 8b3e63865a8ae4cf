"""The head of SEAM: class maps with a background, raw and refined, and the losses between two views."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmengine.registry import MODELS
from torch import nn

from ...ops.class_maps import clean_maps, max_norm, resize_aligned


class ClassMaps(NamedTuple):
    """Class maps (N, C + 1, h, w) of one view, background first: as the classifier gives them, and refined."""

    raw: torch.Tensor
    refined: torch.Tensor

    def resize(self, size: tuple[int, int]) -> 'ClassMaps':
        """Return both at another size (bilinear, aligned corners)."""
        return ClassMaps(*(resize_aligned(maps, size) for maps in self))


@MODELS.register_module()
class SEAMHead(BaseModule):
    """Class maps of SEAM (Wang et al., CVPR 2020) on any backbone.

    Raw maps by a bias-free 1x1 convolution, with a background that no tag teaches; they are cleaned and refined by the
    pixel correlation module. The refined ones are read out as CAMs.

    Args:
        num_classes: Number of classes, without background.
        in_channels: Channels of every feature level; set by the model from its backbone.
        in_index: Which level is classified.
        low_levels: Which levels the pixel correlation module compares.
        correlation: Arguments of :class:`PixelCorrelationModule`.
        dropout: Chance that a channel is dropped before the classifier.
        loss_cls: Loss on (logits (N, C), tags (N, C)).
        loss_min_pooling: Adaptive min-pooling loss.
        loss_er: Equivariant regularisation.
        loss_ecr: Equivariant cross regularisation.
        init_cfg: Initialisation of mmengine.

    Raises:
        ValueError: If a level is named that the backbone does not give.
    """

    min_levels = 3

    def __init__(
        self,
        num_classes: int,
        in_channels: Sequence[int],
        in_index: int = -1,
        low_levels: Sequence[int] = (-3, -2),
        correlation: dict | None = None,
        dropout: float = 0.5,
        loss_cls: dict | None = None,
        loss_min_pooling: dict | None = None,
        loss_er: dict | None = None,
        loss_ecr: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg or dict(type='Xavier', distribution='uniform', override=dict(name='classifier')))
        for index in low_levels:
            if not -len(in_channels) <= index < len(in_channels):
                raise ValueError(
                    f'SEAMHead reads level {index}, but the backbone gives {len(in_channels)}: name others in '
                    'low_levels, or set out_indices of the backbone'
                )
        self.num_classes = num_classes
        self.in_index = in_index
        self.low_levels = tuple(low_levels)
        self.dropout = nn.Dropout2d(dropout)
        self.classifier = nn.Conv2d(in_channels[in_index], num_classes + 1, 1, bias=False)
        self.correlation = MODELS.build(
            dict(
                type='PixelCorrelationModule',
                in_channels=[in_channels[index] for index in self.low_levels],
                **(correlation or {}),
            )
        )
        self.loss_cls = MODELS.build(loss_cls or dict(type='MultiLabelSoftMarginLoss'))
        self.loss_min_pooling = MODELS.build(loss_min_pooling or dict(type='AdaptiveMinPoolingLoss'))
        self.loss_er = MODELS.build(loss_er or dict(type='EquivariantRegularizationLoss'))
        self.loss_ecr = MODELS.build(loss_ecr or dict(type='EquivariantCrossRegularizationLoss'))

    def drop(self, features: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return the classified level (N, C, h, w) after dropout, as the classifier sees it."""
        return self.dropout(features[self.in_index])

    def forward(
        self, features: Sequence[torch.Tensor], photos: torch.Tensor, classified: torch.Tensor | None = None
    ) -> ClassMaps:
        """Return the class maps at the stride of the classified level.

        Args:
            features: Levels of the backbone.
            photos: (N, 3, H, W) normalised.
            classified: What :meth:`drop` has returned, if something else looks at it too; else it is called here.
        """
        classified = self.drop(features) if classified is None else classified
        # float32, as all that follows are maxima, minima and sums over pixels
        raw = self.classifier(classified).float()
        with torch.no_grad():
            clean = clean_maps(raw)
        levels = [features[index] for index in self.low_levels]
        return ClassMaps(raw, self.correlation(clean, levels, photos))

    def loss(self, view1: ClassMaps, view2: ClassMaps, tags: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the losses between two views of the same photos.

        Args:
            view1: Maps of the photos, any size.
            view2: Maps of the reduced photos; those of view 1 are brought to their size.
            tags: (N, C) multi-hot.

        Returns:
            ``loss_cls`` and ``loss_min_pooling``, each the mean of both views, ``loss_er`` and ``loss_ecr``.
        """
        views = view1, view2
        mask = F.pad(tags, (1, 0), value=1.0)[:, :, None, None]
        cls = [self.loss_cls(view.raw[:, 1:].mean((2, 3)), tags) for view in views]
        pooling = [self.loss_min_pooling((view.refined * mask)[:, 1:]) for view in views]
        size = view2.raw.shape[-2:]
        first, second = (ClassMaps(*(resize_aligned(max_norm(maps), size) * mask for maps in view)) for view in views)
        return dict(
            loss_cls=sum(cls) / 2,
            loss_min_pooling=sum(pooling) / 2,
            loss_er=self.loss_er(first.raw, second.raw),
            loss_ecr=self.loss_ecr(second.raw, first.refined) + self.loss_ecr(first.raw, second.refined),
        )
