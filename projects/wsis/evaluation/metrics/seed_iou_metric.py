"""mIoU of CAM seeds at a fixed background threshold, and the labelled oracle sweep."""

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.registry import METRICS

from ..functional.label_counts import SeedCounts, count_seeds, score_labels, sum_seed_counts
from .label_report import classwise_iou, label_table
from .photo_metric import PhotoMetric, read_field


@METRICS.register_module()
class SeedIoUMetric(PhotoMetric):
    """mIoU of CAM seeds over all classes and background.

    The number to report is the one at a threshold fixed beforehand. A threshold chosen by looking
    at the ground truth is an oracle: it is opt-in, and its keys say so.

    A data sample has ``pred_cams`` (``cams`` (K, h, w) in [0, 1], ``labels`` (K,)) and
    ``gt_sem_seg`` (data (1, H, W): 0 background, 1..C classes, 255 ignore).

    Keys, in percent: ``mIoU``; ``fg_precision``, ``fg_recall`` of the seeded pixels of all classes
    together, and ``bg_precision``, ``bg_recall``. With ``classwise``, also ``<class>_IoU``. With
    ``oracle_sweep``, ``oracle_mIoU`` and ``oracle_threshold`` (in [0, 1]).

    Args:
        background_threshold (float): The fixed threshold in [0, 1]. Public codes: CAM .15, SEAM
            and PPC .26, EPS .20.
        oracle_sweep (bool): Also find the best threshold against ground truth.
        oracle_thresholds (Sequence[float], optional): Thresholds of the sweep, to which the fixed
            one is added. Defaults to .05, .06, ..., .60.
        classwise (bool): Return the IoU of each class too. It is logged in any case.
        ignore_index (int): Label that is left out.
        collect_device (str): 'cpu' or 'gpu', see mmengine's BaseMetric.
        prefix (str, optional): Prefix of the keys. Defaults to 'seed'.
        collect_dir (str, optional): See mmengine's BaseMetric.

    Raises:
        ValueError: If a threshold is outside [0, 1].
    """

    default_prefix = 'seed'
    measured_field = 'pred_cams'
    ground_truth_name = '`gt_sem_seg`'

    def __init__(
        self,
        background_threshold: float,
        oracle_sweep: bool = False,
        oracle_thresholds: Sequence[float] | None = None,
        classwise: bool = False,
        ignore_index: int = 255,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix, collect_dir=collect_dir)
        if oracle_thresholds is None:
            oracle_thresholds = [percent / 100 for percent in range(5, 61)]
        sweep = oracle_thresholds if oracle_sweep else []
        self.thresholds = sorted({float(background_threshold), *map(float, sweep)})
        if not 0 <= self.thresholds[0] <= self.thresholds[-1] <= 1:
            raise ValueError(f'background thresholds must be in [0, 1], got {self.thresholds}')
        self.background_threshold = float(background_threshold)
        self.oracle_sweep = oracle_sweep
        self.classwise = classwise
        self.ignore_index = ignore_index

    def measure_photo(self, sample: dict) -> SeedCounts | None:
        """Count the seeds of one photo.

        Args:
            sample (dict): The data sample as a dict.

        Returns:
            SeedCounts | None: Counts at all thresholds; None without ``gt_sem_seg``.

        Raises:
            ValueError: If CAMs and ground truth do not fit together.
        """
        if sample.get('gt_sem_seg') is None:
            return None
        (true,) = read_field(sample, 'gt_sem_seg', 'data')
        cams, labels = read_field(sample, 'pred_cams', 'cams', 'labels')
        cams = torch.as_tensor(cams)
        return count_seeds(
            cams=cams,
            labels=torch.as_tensor(labels, dtype=torch.int64, device=cams.device),
            true=torch.as_tensor(true).squeeze(0),
            thresholds=self.thresholds,
            num_classes=len(self.class_names),
            ignore_index=self.ignore_index,
        )

    def summarize(self, measures: list[SeedCounts]) -> dict[str, float]:
        """Compute IoU, precision and recall of all photos and log a table per class.

        Args:
            measures (list[SeedCounts]): At least one photo.

        Returns:
            dict[str, float]: Numbers, see the class.

        Raises:
            ValueError: If no true pixel of any photo is of a class.
        """
        names = ('background', *self.class_names)
        counts = sum_seed_counts(measures, len(names) - 1)  # (3, T, C + 1)
        if counts[2].sum() == 0:
            self.log(f'{self.title}: all pixels are ignored, so there is no IoU')
            return {}
        self.check_true_classes(counts[2, 0])
        fixed = self.thresholds.index(self.background_threshold)
        scores = score_labels(*counts[:, fixed])
        foreground = score_labels(*counts[:, fixed, 1:].sum(axis=-1))
        metrics = dict(
            mIoU=100 * float(np.nanmean(scores.iou)),
            fg_precision=100 * float(np.nan_to_num(foreground.precision)),
            fg_recall=100 * float(np.nan_to_num(foreground.recall)),
            bg_precision=100 * float(np.nan_to_num(scores.precision[0])),
            bg_recall=100 * float(np.nan_to_num(scores.recall[0])),
        )
        self.log(
            f'{self.title}, fixed background threshold {self.background_threshold:g}, in percent'
            f'\n{label_table(names, scores)}'
        )
        if self.classwise:
            metrics.update(classwise_iou(names, scores))
        if self.oracle_sweep:
            metrics.update(self._find_oracle(counts))
        return metrics

    def _find_oracle(self, counts: np.ndarray) -> dict[str, float]:
        """Best threshold against ground truth, the lowest of equals."""
        mean_iou = np.nanmean(score_labels(*counts).iou, axis=-1)  # (T,)
        best = int(mean_iou.argmax())
        self.log(
            f'oracle: mIoU {100 * mean_iou[best]:.2f} at threshold {self.thresholds[best]:g}, '
            f'chosen on the ground truth out of {len(self.thresholds)}: not a number to report '
            'as a result'
        )
        return dict(oracle_mIoU=100 * float(mean_iou[best]), oracle_threshold=self.thresholds[best])
