"""Losses."""

from .adaptive_min_pooling_loss import AdaptiveMinPoolingLoss
from .affinity_loss import AffinityLoss
from .displacement_loss import DisplacementLoss
from .eps_loss import EPSLoss
from .equivariance_loss import EquivariantCrossRegularizationLoss, EquivariantRegularizationLoss
from .hard_pixel_cross_entropy import HardPixelCrossEntropyLoss
from .known_pixel_cross_entropy import KnownPixelCrossEntropyLoss
from .multi_label_loss import MultiLabelSoftMarginLoss
from .pair_affinity_loss import PairAffinityLoss
from .pixel_prototype_contrast_loss import PixelPrototypeContrastLoss

__all__ = [
    'AdaptiveMinPoolingLoss',
    'AffinityLoss',
    'DisplacementLoss',
    'EPSLoss',
    'EquivariantCrossRegularizationLoss',
    'EquivariantRegularizationLoss',
    'HardPixelCrossEntropyLoss',
    'KnownPixelCrossEntropyLoss',
    'MultiLabelSoftMarginLoss',
    'PairAffinityLoss',
    'PixelPrototypeContrastLoss',
]
