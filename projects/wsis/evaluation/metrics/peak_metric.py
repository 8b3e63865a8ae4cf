"""Measuring how well peaks find objects, one each."""

import numpy as np
import torch
from mmengine.registry import METRICS
from pycocotools import mask as coco_mask

from ..functional.mask_iou import to_rle
from .photo_metric import PhotoMetric, read_field


@METRICS.register_module()
class PeakMetric(PhotoMetric):
    """Measure whether each object has one peak of its class.

    A data sample has ``pred_peaks`` (``points`` (M, 2) int (y, x) in pixels of the photo, ``labels`` (M,), ``scores``
    (M,)) and in its metainfo the ground truth ``instances`` (``mask`` RLE, ``bbox_label``).

    Keys, in percent: ``precision`` (peaks that lie on an object of their class), ``recall`` (objects with at least one
    peak of their class), ``single`` (objects with exactly one).

    Args:
        score_threshold: Peaks of a higher score count; .7 are those that BESTIE learns from.
        kwargs: Arguments of mmengine's ``BaseMetric``.
    """

    default_prefix = 'peak'
    measured_field = 'pred_peaks'
    ground_truth_name = 'ground-truth `instances`'

    def __init__(self, score_threshold: float = 0.7, **kwargs) -> None:
        super().__init__(**kwargs)
        self.score_threshold = score_threshold

    def measure_photo(self, sample: dict) -> np.ndarray | None:
        """Count (peaks, peaks on an object, objects, objects with a peak, objects with one peak) of one photo."""
        if sample.get('instances') is None:
            return None
        points, labels, scores = (
            torch.as_tensor(value).cpu().numpy()
            for value in read_field(sample, 'pred_peaks', 'points', 'labels', 'scores')
        )
        kept = scores > self.score_threshold
        points, labels = points[kept], labels[kept]
        # one row per object: which peaks are its own
        own = np.zeros((len(sample['instances']), len(points)), bool)
        for row, instance in zip(own, sample['instances']):
            mask = coco_mask.decode(to_rle(instance['mask'], sample.get('ori_shape')))
            row[:] = mask[points[:, 0], points[:, 1]].astype(bool) & (labels == instance['bbox_label'])
        peaks_of = own.sum(1)
        return np.array([len(points), own.any(0).sum(), len(own), (peaks_of > 0).sum(), (peaks_of == 1).sum()])

    def summarize(self, measures: list[np.ndarray]) -> dict[str, float]:
        """Divide the counts of all photos."""
        peaks, right, objects, found, single = (int(count) for count in np.sum(measures, axis=0))
        parts = dict(precision=(right, peaks), recall=(found, objects), single=(single, objects))
        metrics = {name: 100 * part / whole for name, (part, whole) in parts.items() if whole}
        listed = ', '.join(f'{name} {value:.1f}' for name, value in metrics.items())
        self.log(f'{self.title}: {peaks} peaks over {self.score_threshold:g}, {objects} objects; in percent: {listed}')
        return metrics
