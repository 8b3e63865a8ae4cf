"""Losses."""

from .affinity_loss import AffinityLoss
from .displacement_loss import DisplacementLoss
from .multi_label_loss import MultiLabelSoftMarginLoss

__all__ = ['AffinityLoss', 'DisplacementLoss', 'MultiLabelSoftMarginLoss']
