"""Metrics, registered in mmengine's root registry."""

from .multi_label_metric import MultiLabelMetric
from .peak_metric import PeakMetric
from .photo_coco_metric import PhotoCocoMetric
from .seed_iou_metric import SeedIoUMetric
from .semantic_iou_metric import SemanticIoUMetric
from .sure_label_metric import SureLabelMetric
from .voc_instance_metric import VOCInstanceMetric

__all__ = [
    'MultiLabelMetric',
    'PeakMetric',
    'PhotoCocoMetric',
    'SeedIoUMetric',
    'SemanticIoUMetric',
    'SureLabelMetric',
    'VOCInstanceMetric',
]
