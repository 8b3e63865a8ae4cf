"""Evaluation: metrics for Runner and Evaluator, and the pure functions behind them."""

from .metrics import (
    MultiLabelMetric,
    PhotoCocoMetric,
    SeedIoUMetric,
    SemanticIoUMetric,
    SureLabelMetric,
    VOCInstanceMetric,
)
from .writers import CAMWriter, InstanceWriter, SemanticMaskWriter

__all__ = [
    'CAMWriter',
    'InstanceWriter',
    'SemanticMaskWriter',
    'MultiLabelMetric',
    'PhotoCocoMetric',
    'SeedIoUMetric',
    'SemanticIoUMetric',
    'SureLabelMetric',
    'VOCInstanceMetric',
]
