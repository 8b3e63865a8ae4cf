"""mAP of multi-label classification."""

import logging

import numpy as np
import torch
from mmengine.registry import METRICS

from ..functional.class_table import format_class_table
from ..functional.multi_label_ap import average_precision, f1_scores
from .photo_metric import PhotoMetric


@METRICS.register_module()
class MultiLabelMetric(PhotoMetric):
    """mAP of a multi-label classifier; needs tags only, never a mask.

    A data sample has ``pred_scores`` (C,) and ``gt_tags`` (C,) multi-hot.

    Keys, in percent: ``mAP``, the mean over classes that some photo has and another has not (a
    class in every photo would have 100 whatever the scores; if there are only such, there is no
    ``mAP``); ``CP, CR, CF1`` and ``OP, OR, OF1`` (per class and overall precision, recall, F1) at
    ``score_threshold``. With ``classwise``, also ``<class>_AP``.

    Args:
        score_threshold (float): Score from which a class counts as predicted.
        classwise (bool): Return the AP of each class too. It is logged in any case.
        collect_device (str): 'cpu' or 'gpu', see mmengine's BaseMetric.
        prefix (str, optional): Prefix of the keys. Defaults to 'multi_label'.
        collect_dir (str, optional): See mmengine's BaseMetric.
    """

    default_prefix = 'multi_label'
    measured_field = 'pred_scores'
    ground_truth_name = '`gt_tags`'
    truth_kind = 'tags'

    def __init__(
        self,
        score_threshold: float = 0.5,
        classwise: bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix, collect_dir=collect_dir)
        self.score_threshold = score_threshold
        self.classwise = classwise

    def measure_photo(self, sample: dict) -> tuple[bytes, bytes] | None:
        """Read scores and tags of one photo.

        Args:
            sample (dict): The data sample as a dict.

        Returns:
            tuple[bytes, bytes] | None: The bytes of scores (C,) float32 and of tags (C,) bool; None without
            ``gt_tags``. Arrays that are kept to the end would lie between the large maps of the photos, and hold
            memory that these have freed; Python keeps short bytes apart.

        Raises:
            ValueError: If scores or tags are missing or of another number of classes.
        """
        if sample.get('gt_tags') is None:
            return None
        if sample.get('pred_scores') is None:
            raise ValueError('the data sample has no `pred_scores`: does the model predict them?')
        num_classes = len(self.class_names)
        scores = torch.as_tensor(sample['pred_scores']).detach().float().cpu().numpy()
        tags = torch.as_tensor(sample['gt_tags']).cpu().numpy() > 0
        for name, values in (('pred_scores', scores), ('gt_tags', tags)):
            if values.shape != (num_classes,):
                raise ValueError(f'`{name}` has the shape {values.shape}, the data set has {num_classes} classes')
        if not np.isfinite(scores).all():
            raise ValueError('a score of `pred_scores` is not finite')
        return scores.tobytes(), tags.tobytes()

    def summarize(self, measures: list[tuple[bytes, bytes]]) -> dict[str, float]:
        """Compute mAP and F1 of all photos and log a table per class.

        Args:
            measures (list[tuple[bytes, bytes]]): Scores and tags of at least one photo, see :meth:`measure_photo`.

        Returns:
            dict[str, float]: Numbers in percent, see the class.
        """
        names = self.class_names
        scores, tags = (  # (N, C)
            np.frombuffer(b''.join(values), kind).reshape(len(measures), -1)
            for values, kind in zip(zip(*measures), (np.float32, bool))
        )
        if not tags.any():
            self.log(f'{self.title}: no photo has a tag, so there is no AP')
            return {}
        ap = 100 * np.array([float('nan') if t.all() else average_precision(s, t) for s, t in zip(scores.T, tags.T)])
        known = ~np.isnan(ap)
        metrics = dict(mAP=float(ap[known].mean())) if known.any() else {}
        if everywhere := [name for name, found in zip(names, tags.T) if found.all()]:
            self.log(
                f'{len(everywhere)} classes are in every photo and have no AP (first: {everywhere[0]}): it takes '
                'photos without them to measure it',
                logging.WARNING,
            )
        f1 = f1_scores(scores >= self.score_threshold, tags)
        metrics.update({key: 100 * value for key, value in f1.items()})
        num_true = tags.sum(axis=0)
        rows = [[int(number), float(value)] for number, value in zip(num_true, ap)]
        mean = [int(num_true.sum()), metrics.get('mAP', float('nan'))]
        table = format_class_table(['photos', 'AP'], names, rows, mean)
        self.log(f'{self.title}, in percent\n{table}')
        if self.classwise:
            metrics.update({f'{n}_AP': float(v) for n, v in zip(names, ap) if v == v})
        return metrics
