"""Mining inter-pixel labels from CAMs (IRNet, section 3.3 of the paper)."""

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.registry import TRANSFORMS

from ...ops import upsample_maps
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
        cams = upsample_maps(torch.from_numpy(results['cams']), image.shape[:2]).numpy()
        class_ids = np.concatenate([[0], results['cam_labels'] + 1]).astype(np.uint8)
        foreground = self._decide(image, cams, self.foreground_threshold)
        background = self._decide(image, cams, self.background_threshold)
        labels = class_ids[foreground]
        labels[foreground == 0] = IGNORE_LABEL
        labels[(foreground == 0) & (background == 0)] = 0
        results['inter_pixel_labels'] = labels
        return results

    def _decide(self, image: np.ndarray, cams: np.ndarray, threshold: float) -> np.ndarray:
        scores = np.concatenate([np.full((1, *cams.shape[1:]), threshold, cams.dtype), cams])
        labels = scores.argmax(0)
        if self.crf is None:
            return labels
        return refine_labels_with_crf(image, labels, len(scores), **self.crf)
