"""Pseudo semantic masks straight from CAMs, as EPS and PPC on EPS make them."""

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.registry import TRANSFORMS

from ...ops.dense_crf import crf_settings, refine_scores_with_crf
from .affinity_labels import enlarge_scores, power_background


@TRANSFORMS.register_module()
class GenerateCAMMasks(BaseTransform):
    """Make the pseudo semantic mask of a photo of its CAMs and a fixed background, without a refinement network.

    Required keys: ``img`` (H, W, 3) uint8 at full size, ``cams``, ``cam_labels``.
    Added key: ``cam_mask`` (H, W) uint8: 0 background, 1..C classes.

    Source: ``infer.py`` of EPS (background .20, no CRF); ``contrast_infer.py`` of PPC's branch ``esp`` (exponent 8, a
    CRF of 5 steps).

    Args:
        background_score: A constant score of the background; of two equal scores the background's wins.
        background_alpha: An exponent in its place: the background's score is ``(1 - strongest class) ** alpha``.
        crf: Whether a dense CRF refines the scores, or those arguments of :func:`refine_scores_with_crf` that differ
            from its defaults.

    Raises:
        ImportError: If the CRF is asked for, but pydensecrf2 is not installed.
        ValueError: If not exactly one background is given, or it is out of range.
    """

    def __init__(
        self,
        background_score: float | None = None,
        background_alpha: float | None = None,
        crf: dict | bool | None = None,
    ) -> None:
        if (background_score is None) == (background_alpha is None):
            raise ValueError(
                'GenerateCAMMasks takes one of background_score and background_alpha, not '
                f'{background_score} and {background_alpha}'
            )
        if background_score is not None and not 0 < background_score < 1:
            raise ValueError(f'background_score must be between 0 and 1, got {background_score}')
        if background_alpha is not None and not background_alpha > 0:
            raise ValueError(f'background_alpha must be positive, got {background_alpha}')
        self.background_score = background_score
        self.background_alpha = background_alpha
        self.crf = crf_settings(crf)

    def transform(self, results: dict) -> dict:
        """Make the mask of one photo."""
        image = results['img']
        scores = enlarge_scores(results['cams'], image.shape[:2])
        if self.background_alpha is None:
            scores[0] = self.background_score
        else:
            scores[:1] = power_background(scores[1:], self.background_alpha)
        if self.crf is not None:
            # red first, as in the official code: the library's approximation depends on the order of colours
            scores = refine_scores_with_crf(image[..., ::-1], scores, **self.crf)
        class_ids = np.concatenate([[0], results['cam_labels'] + 1]).astype(np.uint8)
        results['cam_mask'] = class_ids[scores.argmax(0)]
        return results
