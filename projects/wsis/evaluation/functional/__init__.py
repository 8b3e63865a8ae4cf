"""Pure functions behind the metrics: no registry, no config, no input or output."""

from .class_table import format_class_table
from .label_counts import (
    LabelScores,
    SeedCounts,
    count_labels,
    count_seeds,
    score_labels,
    sum_seed_counts,
)
from .mask_iou import mask_iou, mask_size, to_rle
from .multi_label_ap import average_precision, f1_scores
from .voc_instance_ap import (
    AP_CONVENTIONS,
    PhotoMatches,
    match_instances,
    match_photo,
    voc_average_precision,
    voc_instance_ap,
)

__all__ = [
    'AP_CONVENTIONS',
    'LabelScores',
    'PhotoMatches',
    'SeedCounts',
    'average_precision',
    'count_labels',
    'count_seeds',
    'f1_scores',
    'format_class_table',
    'mask_iou',
    'mask_size',
    'match_instances',
    'match_photo',
    'score_labels',
    'sum_seed_counts',
    'to_rle',
    'voc_average_precision',
    'voc_instance_ap',
]
