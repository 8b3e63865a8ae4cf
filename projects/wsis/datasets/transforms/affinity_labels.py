"""Mining the labels of AffinityNet from CAMs (Ahn and Kwak, CVPR 2018, section 3.2)."""

from collections.abc import Sequence

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.registry import TRANSFORMS

from ...ops import upsample_maps
from ...ops.dense_crf import crf_settings, refine_labels_with_crf, refine_scores_with_crf
from ...structures.masks import IGNORE_LABEL

BILATERAL = (80.0, 13.0, 10.0)


@TRANSFORMS.register_module()
class GenerateAffinityLabels(BaseTransform):
    """Mine sure foreground, sure background and unsure pixels from the CAMs of a photo, as AffinityNet does.

    The background's score is ``(1 - strongest class) ** alpha``. What is foreground in spite of a small alpha (a strong
    background) is sure to be it; what is background in spite of a large alpha is sure background; each after a dense
    CRF; all else is 255 (unsure).

    Required keys: ``img`` (H, W, 3) uint8 at full size, ``cams``, ``cam_labels``.
    Added key: ``inter_pixel_labels`` (H, W) uint8: 0 background, 1..C classes, 255 unsure.

    Args:
        low_alpha: Exponent for sure foreground.
        high_alpha: Exponent for sure background (SEAM: 24; AffinityNet's own code: 32).
        crf: Whether a CRF is used, or those of its arguments that differ from the defaults.
        hard_labels: None for a CRF of the scores (:func:`refine_scores_with_crf`), as in AffinityNet and SEAM. A number
            of labels, with the background, for a CRF of the strongest label of each pixel
            (:func:`refine_labels_with_crf`, with the kernels of the other), as in the official code of PPC.

    Raises:
        ValueError: If not 0 < low_alpha <= high_alpha.
    """

    def __init__(
        self,
        low_alpha: float = 4.0,
        high_alpha: float = 24.0,
        crf: dict | bool | None = True,
        hard_labels: int | None = None,
    ) -> None:
        if not 0 < low_alpha <= high_alpha:
            raise ValueError(f'0 < low_alpha <= high_alpha is needed, not {low_alpha} and {high_alpha}')
        self.crf = crf_settings(crf, **({} if hard_labels is None else dict(bilateral=BILATERAL)))
        self.hard_labels = hard_labels
        self.low_alpha = low_alpha
        self.high_alpha = high_alpha

    def transform(self, results: dict) -> dict:
        """Mine the labels of one photo."""
        image = results['img']
        scores = enlarge_scores(results['cams'], image.shape[:2])
        class_ids = np.concatenate([[0], results['cam_labels'] + 1]).astype(np.uint8)
        # red first, as in the official codes: the library's approximation depends on the order of colours
        labels, background = self._decide(image[..., ::-1], scores, class_ids)
        labels[labels == 0] = IGNORE_LABEL
        labels[background == 0] = 0  # of both, background wins, as in the official code
        results['inter_pixel_labels'] = labels
        return results

    def _decide(self, image: np.ndarray, scores: np.ndarray, class_ids: np.ndarray) -> Sequence[np.ndarray]:
        """Return the two label maps (H, W) uint8 that backgrounds of both exponents, written into the scores, leave."""
        labels = []
        for alpha in (self.low_alpha, self.high_alpha):
            scores[:1] = power_background(scores[1:], alpha)
            refined = scores
            if self.crf is not None and self.hard_labels is None:
                refined = refine_scores_with_crf(image, scores, **self.crf)
            labels.append(class_ids[refined.argmax(0)])
        if self.crf is not None and self.hard_labels is not None:
            return refine_labels_with_crf(image, np.stack(labels), self.hard_labels, **self.crf).astype(np.uint8)
        return labels


def enlarge_scores(cams: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return scores (1 + K, H, W) of CAMs (K, h, w) of a photo (H, W); the background's are still to be filled in.

    One class after the other is enlarged, straight into its place: each copy of all takes much memory for large photos.
    """
    scores = np.zeros((1 + len(cams), *size), cams.dtype)
    for own, cam in zip(scores[1:], torch.from_numpy(cams).split(1)):
        own[:] = upsample_maps(cam, size)[0].numpy()
    return scores


def power_background(cams: np.ndarray, alpha: float) -> np.ndarray:
    """Return the background's score (1, H, W) ``(1 - strongest class) ** alpha`` of CAMs (K, H, W) in [0, 1]."""
    return np.clip(1 - cams.max(0, initial=0.0), 0, 1)[None] ** alpha
