"""mIoU of semantic label maps."""

import numpy as np
import torch
from mmengine.registry import METRICS

from ..functional.label_counts import count_labels, score_labels
from .label_report import classwise_iou, label_table
from .photo_metric import PhotoMetric, read_field


@METRICS.register_module()
class SemanticIoUMetric(PhotoMetric):
    """mIoU of ``pred_sem_seg`` against ``gt_sem_seg``, over all classes and background.

    Why not mmseg's ``IoUMetric``: it takes the number of labels from the data set's ``classes``,
    which here name no background, so it would drop the last class without a word; and it fails on a
    photo without mask.

    Both maps have data (1, H, W): 0 background, 1..C classes, 255 ignore. An ignored pixel of the
    ground truth is left out; where only the prediction says 255, the true label is missed and no
    label is charged with a false pixel.

    Keys, in percent: ``mIoU``; with ``classwise`` also ``<class>_IoU``.

    Args:
        classwise (bool): Return the IoU of each class too. It is logged in any case.
        ignore_index (int): Label that is left out.
        collect_device (str): 'cpu' or 'gpu', see mmengine's BaseMetric.
        prefix (str, optional): Prefix of the keys. Defaults to 'semantic'.
        collect_dir (str, optional): See mmengine's BaseMetric.
    """

    default_prefix = 'semantic'
    measured_field = 'pred_sem_seg'
    ground_truth_name = '`gt_sem_seg`'

    def __init__(
        self,
        classwise: bool = False,
        ignore_index: int = 255,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix, collect_dir=collect_dir)
        self.classwise = classwise
        self.ignore_index = ignore_index

    def measure_photo(self, sample: dict) -> np.ndarray | None:
        """Count the pixels of one photo.

        Args:
            sample (dict): The data sample as a dict.

        Returns:
            np.ndarray | None: Counts (3, C + 1), see :func:`count_labels`; None without
            ``gt_sem_seg``.

        Raises:
            ValueError: If the maps differ in size or hold an unknown label.
        """
        if sample.get('gt_sem_seg') is None:
            return None
        (true,) = read_field(sample, 'gt_sem_seg', 'data')
        (predicted,) = read_field(sample, 'pred_sem_seg', 'data')
        predicted = torch.as_tensor(predicted).squeeze(0)
        true = torch.as_tensor(true).squeeze(0).to(predicted.device)
        num_labels = len(self.class_names) + 1
        return count_labels(predicted, true, num_labels, self.ignore_index).astype(np.int32)

    def summarize(self, measures: list[np.ndarray]) -> dict[str, float]:
        """Compute the IoU of all photos and log a table per class.

        Args:
            measures (list[np.ndarray]): Counts of at least one photo.

        Returns:
            dict[str, float]: Numbers in percent, see the class.

        Raises:
            ValueError: If no true pixel of any photo is of a class.
        """
        names = ('background', *self.class_names)
        counts = np.sum(measures, axis=0, dtype=np.int64)  # (3, C + 1)
        if counts[2].sum() == 0:
            self.log(f'{self.title}: all pixels are ignored, so there is no IoU')
            return {}
        self.check_true_classes(counts[2])
        scores = score_labels(*counts)
        self.log(f'{self.title}, in percent\n{label_table(names, scores)}')
        metrics = dict(mIoU=100 * float(np.nanmean(scores.iou)))
        if self.classwise:
            metrics.update(classwise_iou(names, scores))
        return metrics
