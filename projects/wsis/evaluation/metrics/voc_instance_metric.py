"""Instance segmentation AP as in PASCAL VOC, on RLE."""

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.registry import METRICS

from ..functional.class_table import format_class_table
from ..functional.mask_iou import Masks, mask_size, to_rle
from ..functional.voc_instance_ap import (
    AP_CONVENTIONS,
    PhotoMatches,
    match_photo,
    voc_instance_ap,
)
from .photo_metric import PhotoMetric, read_field


@METRICS.register_module()
class VOCInstanceMetric(PhotoMetric):
    """Mask AP of PASCAL VOC, equal to ChainerCV's ``eval_instance_segmentation_voc``.

    Ties of scores are resolved earlier first (by photo, then by prediction), where the official
    evaluator's result depends on the sort of the numpy at hand.

    A data sample has ``pred_instances`` (``masks``: booleans (n, H, W) or n COCO RLEs, ``labels``
    (n,), ``scores`` (n,)) and in its metainfo the ground truth ``instances``: a list of
    ``dict(mask=RLE, bbox_label=int, ignore_flag=0)``. A prediction whose best true instance has
    ``ignore_flag=1`` is not counted; the VOC data set has none.

    Keys, in percent: ``AP25, AP50, ...``, the mean over the classes with ground truth; of the
    convention '11points' ``AP50_11points``. With ``classwise``, also ``<class>_AP50``.

    Args:
        iou_thrs (Sequence[float]): IoU thresholds.
        ap_convention (str | Sequence[str]): 'area' (area under the precision envelope, what IRNet,
            BESTIE and others report), '11points' (VOC 2007), or both.
        classwise (bool): Return the numbers of each class too. They are logged in any case.
        collect_device (str): 'cpu' or 'gpu', see mmengine's BaseMetric.
        prefix (str, optional): Prefix of the keys. Defaults to 'voc'.
        collect_dir (str, optional): See mmengine's BaseMetric.

    Raises:
        ValueError: If a threshold or convention is unknown.
    """

    default_prefix = 'voc'
    measured_field = 'pred_instances'
    ground_truth_name = 'ground-truth `instances`'

    def __init__(
        self,
        iou_thrs: Sequence[float] = (0.25, 0.5, 0.7, 0.75),
        ap_convention: str | Sequence[str] = 'area',
        classwise: bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix, collect_dir=collect_dir)
        self.iou_thrs = [iou_thrs] if isinstance(iou_thrs, float) else list(iou_thrs)
        if not self.iou_thrs or not all(0 < threshold <= 1 for threshold in self.iou_thrs):
            raise ValueError(f'iou_thrs {iou_thrs} must be numbers in (0, 1], at least one')
        conventions = [ap_convention] if isinstance(ap_convention, str) else list(ap_convention)
        if not conventions or not set(conventions) <= set(AP_CONVENTIONS):
            raise ValueError(f'ap_convention {ap_convention!r} must be of {AP_CONVENTIONS}')
        self.ap_conventions = conventions
        self.classwise = classwise

    def measure_photo(self, sample: dict) -> PhotoMatches | None:
        """Match the predictions of one photo with its true instances.

        Args:
            sample (dict): The data sample as a dict.

        Returns:
            PhotoMatches | None: A few numbers a prediction; None without ``instances``.

        Raises:
            ValueError: If predictions are incomplete, of an unknown class, or of another size.
        """
        if sample.get('instances') is None:
            return None
        num_classes = len(self.class_names)
        masks, labels, scores = self._read_predictions(sample, num_classes)
        instances = sample['instances']
        true_masks = [to_rle(item['mask'], sample.get('ori_shape')) for item in instances]
        true_labels = np.array([item['bbox_label'] for item in instances], dtype=np.int64)
        _check_labels(true_labels, num_classes, 'ground-truth')
        predicted_size, true_size = mask_size(masks), mask_size(true_masks)
        if len(masks) and true_size and predicted_size != true_size:
            raise ValueError(
                f'predicted masks have the size (H, W) {predicted_size}, ground truth {true_size}: '
                'predict at the original size of the photo (`rescale=True`)'
            )
        ignored = np.array([bool(item.get('ignore_flag', 0)) for item in instances], dtype=bool)
        return match_photo(masks, labels, scores, true_masks, true_labels, self.iou_thrs, ignored)

    def summarize(self, measures: list[PhotoMatches]) -> dict[str, float]:
        """Compute AP of all photos and log a table per class.

        Args:
            measures (list[PhotoMatches]): Photos in the order of the data set.

        Returns:
            dict[str, float]: Numbers in percent, see the class.
        """
        names = self.class_names
        num_true = np.bincount(
            np.concatenate([photo.true_labels for photo in measures]).astype(np.int64),
            minlength=len(names),
        )
        if num_true.sum() == 0:
            self.log(f'{self.title}: no true instance in any photo, so there is no AP')
            return {}
        columns = {}
        for convention in self.ap_conventions:
            ap = 100 * voc_instance_ap(measures, len(names), convention)  # (T, C)
            suffix = '' if convention == 'area' else f'_{convention}'
            for threshold, row in zip(self.iou_thrs, ap):
                columns[f'AP{100 * threshold:g}{suffix}'] = row
        means = {key: float(np.nanmean(row)) for key, row in columns.items()}
        rows = [[int(num_true[c]), *(float(row[c]) for row in columns.values())] for c in range(len(names))]
        table = format_class_table(['instances', *columns], names, rows, [int(num_true.sum()), *means.values()])
        self.log(f'{self.title}, in percent\n{table}')
        if self.classwise:
            for key, row in columns.items():
                # a class without true instances has no AP and so no key
                means.update({f'{n}_{key}': float(v) for n, v in zip(names, row) if v == v})
        return means

    @staticmethod
    def _read_predictions(sample: dict, num_classes: int) -> tuple[Masks, np.ndarray, np.ndarray]:
        masks, labels, scores = read_field(sample, 'pred_instances', 'masks', 'labels', 'scores')
        labels = _to_numpy(labels).astype(np.int64)
        scores = _to_numpy(scores)
        if isinstance(masks, (torch.Tensor, np.ndarray)):
            masks = _to_numpy(masks)
            if masks.ndim != 3:
                raise ValueError(f'predicted masks must be (n, H, W), but are {masks.shape}')
            masks = masks.astype(bool, copy=False)
        else:
            masks = [to_rle(mask) for mask in masks]
        if not len(masks) == len(labels) == len(scores):
            raise ValueError(
                f'`pred_instances` holds {len(masks)} masks, {len(labels)} labels and {len(scores)} scores'
            )
        _check_labels(labels, num_classes, 'predicted')
        if not np.isfinite(scores).all():
            raise ValueError('a score of `pred_instances` is not finite')
        return masks, labels, scores


def _to_numpy(values: torch.Tensor | np.ndarray | Sequence[float]) -> np.ndarray:
    if isinstance(values, torch.Tensor):
        values = values.detach()
        # numpy has no bfloat16
        values = (values.float() if values.dtype == torch.bfloat16 else values).cpu().numpy()
    return np.asarray(values)


def _check_labels(labels: np.ndarray, num_classes: int, what: str) -> None:
    unknown = labels[(labels < 0) | (labels >= num_classes)]
    if len(unknown):
        raise ValueError(
            f'the {what} class id {unknown[0]} is unknown: the data set has {num_classes} classes, 0..{num_classes - 1}'
        )
