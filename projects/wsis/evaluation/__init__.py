"""Evaluation: metrics for Runner and Evaluator, and the pure functions behind them."""

from .metrics import MultiLabelMetric, SeedIoUMetric, SemanticIoUMetric, VOCInstanceMetric

__all__ = ['MultiLabelMetric', 'SeedIoUMetric', 'SemanticIoUMetric', 'VOCInstanceMetric']
