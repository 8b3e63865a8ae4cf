"""Losses."""

from .multi_label_loss import MultiLabelSoftMarginLoss

__all__ = ['MultiLabelSoftMarginLoss']
