"""Mining inter-pixel labels from CAMs (IRNet, section 3.3 of the paper)."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.registry import TRANSFORMS

from ...ops import strided_size
from ...structures.masks import IGNORE_LABEL
from .dense_crf import check_dense_crf, refine_labels_with_crf


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
        self.crf = {} if crf is True else None if crf is False else crf
        if self.crf is not None:
            check_dense_crf()
        self.foreground_threshold = foreground_threshold
        self.background_threshold = background_threshold

    def transform(self, results: dict) -> dict:
        """Mine the labels of one photo."""
        image = results['img']
        cams = upsample_cams(results['cams'], image.shape[:2])
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


def upsample_cams(cams: np.ndarray, size: tuple[int, int], stride: int | None = None) -> np.ndarray:
    """Bring strided CAMs to full size: enlarge by the stride (bilinear), then cut.

    Args:
        cams: (K, h, w) float32 with ``h = ceil(H / stride)``, ``w = ceil(W / stride)``.
        size: (H, W) of the photo.
        stride: Of the maps; by default the smallest power of two that fits.

    Returns:
        (K, H, W) float32.

    Raises:
        ValueError: If the maps are not of this stride, or of none.
    """
    height, width = size
    if not len(cams):
        return np.zeros((0, height, width), np.float32)
    stride = stride or find_stride(cams.shape[1:], size)
    if strided_size(size, stride) != cams.shape[1:]:
        raise ValueError(f'CAMs of size {cams.shape[1:]} are not those of a photo of size {size} at stride {stride}')
    if stride == 1:
        return cams
    full_size = (cams.shape[2] * stride, cams.shape[1] * stride)
    return np.stack([cv2.resize(cam, full_size, interpolation=cv2.INTER_LINEAR)[:height, :width] for cam in cams])


def find_stride(map_size: tuple[int, int], size: tuple[int, int]) -> int:
    """Return the smallest power of two by which maps of ``map_size`` (h, w) cover a photo of ``size`` (H, W).

    Raises:
        ValueError: If there is none.
    """
    for stride in (2**exponent for exponent in range(8)):
        if strided_size(size, stride) == tuple(map_size):
            return stride
    raise ValueError(
        f'Maps of size {tuple(map_size)} fit a photo of size {tuple(size)} at no stride: they were made '
        'from another photo, make them again'
    )
