"""How right, and how many, the sure pixels of inter-pixel labels are."""

import numpy as np
import torch
from mmengine.registry import METRICS

from .photo_metric import PhotoMetric, read_field


@METRICS.register_module()
class SureLabelMetric(PhotoMetric):
    """Precision of the sure foreground and background pixels of label maps, and the share of the unsure ones.

    Takes ``pred_sem_seg`` (0 sure background, 1..C sure foreground, 255 unsure) and ``gt_sem_seg``. A sure foreground
    pixel is right if its class is. Keys, in percent: ``fg_precision``, ``bg_precision``, ``unsure``.

    Args:
        ignore_index: Unsure pixels of the labels, and pixels of the truth that are left out.
        kwargs: Arguments of mmengine's ``BaseMetric``.
    """

    default_prefix = 'sure_label'
    measured_field = 'pred_sem_seg'
    ground_truth_name = '`gt_sem_seg`'

    def __init__(self, ignore_index: int = 255, **kwargs) -> None:
        super().__init__(**kwargs)
        self.ignore_index = ignore_index

    def measure_photo(self, sample: dict) -> np.ndarray | None:
        """Count pixels of one photo: right foreground, foreground, right background, background, unsure, all, and
        those that are truly of a class."""
        if sample.get('gt_sem_seg') is None:
            return None
        (true,), (labels,) = read_field(sample, 'gt_sem_seg', 'data'), read_field(sample, 'pred_sem_seg', 'data')
        true, labels = torch.as_tensor(true), torch.as_tensor(labels)
        valid, unsure = true != self.ignore_index, labels == self.ignore_index
        right = (true == labels) & valid
        background = valid & (labels == 0)
        foreground = valid & ~unsure & (labels != 0)
        truth = valid & (true != 0)
        counts = (right & foreground, foreground, right & background, background, unsure & valid, valid, truth)
        return np.array([int(mask.sum()) for mask in counts], np.int64)

    def summarize(self, measures: list[np.ndarray]) -> dict[str, float]:
        """Divide the counts of all photos.

        Raises:
            ValueError: If no true pixel of any photo is of a class.
        """
        right_fg, fg, right_bg, bg, unsure, total, truth = (int(count) for count in np.sum(measures, axis=0))
        if not total:
            self.log(f'{self.title}: all pixels are ignored, so nothing is measured')
            return {}
        self.check_true_classes(np.array([total - truth, truth]))
        parts = dict(fg_precision=(right_fg, fg), bg_precision=(right_bg, bg), unsure=(unsure, total))
        metrics = {name: 100 * part / whole for name, (part, whole) in parts.items() if whole}
        self.log(f'{self.title}, in percent: ' + ', '.join(f'{name} {value:.1f}' for name, value in metrics.items()))
        return metrics
