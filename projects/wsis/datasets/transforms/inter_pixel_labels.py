"""Mining inter-pixel labels from CAMs (IRNet, section 3.3 of the paper)."""

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.registry import TRANSFORMS

from ...ops import strongest_map
from ...ops.dense_crf import crf_settings, refine_labels_with_crf
from ...structures.masks import IGNORE_LABEL


@TRANSFORMS.register_module()
class GenerateInterPixelLabels(BaseTransform):
    """Mine sure foreground, sure background and unsure pixels from the CAMs of a photo.

    Foreground is sure where a class beats the foreground threshold, background where none beats the background
    threshold, each after a dense CRF; all else is 255 (unsure).

    Required keys: ``img`` (H, W, 3) uint8 at full size, ``cams``, ``cam_labels``.
    Added key: ``inter_pixel_labels`` (H, W) uint8: 0 background, 1..C classes, 255 unsure.

    Args:
        foreground_threshold: CAM value that sure foreground must beat.
        background_threshold: CAM value that sure background stays below.
        crf: Whether a CRF refines the labels, or those arguments of :func:`refine_labels_with_crf` that differ from
            its defaults.
    """

    def __init__(
        self, foreground_threshold: float = 0.30, background_threshold: float = 0.05, crf: dict | bool | None = True
    ) -> None:
        if not 0 < background_threshold <= foreground_threshold < 1:
            raise ValueError(
                '0 < background_threshold <= foreground_threshold < 1 is needed, not '
                f'{background_threshold} and {foreground_threshold}'
            )
        self.crf = crf_settings(crf)
        self.foreground_threshold = foreground_threshold
        self.background_threshold = background_threshold

    def transform(self, results: dict) -> dict:
        """Mine the labels of one photo."""
        image = results['img']
        # all classes together would not fit into memory at the size of a large photo
        winner, best = strongest_map(torch.from_numpy(results['cams']), image.shape[:2])
        winner, best = winner.to(torch.int32).numpy() + 1, best.numpy()
        class_ids = np.concatenate([[0], results['cam_labels'] + 1]).astype(np.uint8)
        foreground, background = self._decide(image, winner, best, len(class_ids))
        labels = class_ids[foreground]
        unsure = labels == 0
        labels[unsure] = IGNORE_LABEL
        labels[unsure & (background == 0)] = 0
        results['inter_pixel_labels'] = labels
        return results

    def _decide(self, image: np.ndarray, winner: np.ndarray, best: np.ndarray, count: int) -> np.ndarray:
        """Return what beats each of the two thresholds, (2, H, W): 0 background, else the winner, after the CRF if
        there is one."""
        thresholds = (self.foreground_threshold, self.background_threshold)
        labels = np.stack([np.where(best > best.dtype.type(each), winner, np.int32(0)) for each in thresholds])
        if self.crf is None:
            return labels
        # red first, as in the official code: the library's approximation depends on the order of colours
        return refine_labels_with_crf(image[..., ::-1], labels, count, **self.crf)
