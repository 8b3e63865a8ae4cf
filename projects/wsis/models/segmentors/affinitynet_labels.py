"""From CAMs and affinities to pseudo semantic masks (AffinityNet, section 3.3)."""

import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmengine.structures import PixelData

from ...ops import random_walk_from_affinity, strongest_map, upsample_maps
from ...ops.affinity import source_view
from ...ops.dense_crf import crf_settings, refine_scores_with_crf
from ...ops.strongest import split_into_chunks
from ..crf_photo import load_crf_photo


class AffinityNetLabelMaker:
    """Spreads the CAMs of a photo and the background along affinities, and decides every pixel.

    Args:
        stride: Of the affinities, in pixels of the photo.
        background_alpha: The background's score is ``(1 - strongest class) ** background_alpha`` (SEAM: 6, PSA: 16).
        background_score: A constant score of the background in its place (PPC: .27).
        radius: Of the random walk, in pixels of the affinities.
        beta: Exponent of the affinities.
        steps: Number of steps of the walk.
        border_pairs: Whether pairs near the left, right and lower border count. The official code does not
            enumerate them, so that scores there stay nearly as they are.
        crf: Whether a dense CRF refines the scores after the walk, as PPC does, or those arguments of
            :func:`refine_scores_with_crf` that differ from one step with the kernels of AffinityNet (the CRF that PPC's
            official code names and has commented out).

    Raises:
        ImportError: If the CRF is asked for, but pydensecrf2 is not installed.
        ValueError: If the background's score is not in (0, 1), or alpha not positive.
    """

    def __init__(
        self,
        stride: int,
        background_alpha: float = 6.0,
        background_score: float | None = None,
        radius: int = 5,
        beta: float = 8.0,
        steps: int = 64,
        border_pairs: bool = True,
        crf: dict | bool | None = None,
    ) -> None:
        if background_score is not None and not 0 < background_score < 1:
            raise ValueError(f'background_score must be between 0 and 1 (or None), got {background_score}')
        if not background_alpha > 0:
            raise ValueError(f'background_alpha must be positive, got {background_alpha}')
        self.stride = stride
        self.background_alpha = background_alpha
        self.background_score = background_score
        self.walk = dict(radius=radius, beta=beta, steps=steps)
        self.border_pairs = border_pairs
        self.crf = crf_settings(crf, iterations=1)

    def __call__(self, sample: DetDataSample, affinity: torch.Tensor) -> DetDataSample:
        """Add ``pred_sem_seg`` to a sample with ``cams``.

        Args:
            sample: With ``cams`` (K, h', w') in [0, 1] and their ``labels``; for the CRF with ``img_path``, too.
            affinity: (1, P, h, w) of the photo.
        """
        size = tuple(sample.ori_shape)
        classes = sample.cams.labels
        scores = self.spread(self.pool_scores(sample.cams.cams, size), affinity)
        class_ids = torch.cat([classes.new_zeros(1), classes + 1])
        labels = class_ids[self._decide(sample, scores, size)]
        sample.pred_sem_seg = PixelData(data=labels[None].to(torch.uint8).cpu())
        return sample

    def _decide(self, sample: DetDataSample, scores: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        """Return the strongest channel (H, W) of scores (1 + K, h, w) at each pixel, after the CRF if there is one."""
        if self.crf is None:
            return strongest_map(scores, size)[0]
        photo = load_crf_photo(sample.img_path, 'model.test_cfg.crf', 'rgb')  # red first, as in the official code
        refined = refine_scores_with_crf(photo, upsample_maps(scores, size).cpu().numpy(), **self.crf)
        return torch.from_numpy(refined.argmax(0)).to(scores.device)

    def pool_scores(self, cams: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        """Return the scores (1 + K, h, w) of background and classes, averaged over the cells of the affinities.

        They are formed at the size of the photo (H, W), a few channels at a time; outside it they are 0.
        """
        strongest, pooled = cams.new_zeros(size), []
        for chunk in split_into_chunks(cams, size):
            maps = upsample_maps(chunk, size)
            strongest = torch.maximum(strongest, maps.amax(0))
            pooled.append(self._pool(maps))
        if self.background_score is None:
            background = (1 - strongest).clamp_(min=0) ** self.background_alpha
        else:
            background = torch.full_like(strongest, self.background_score)
        return torch.cat([self._pool(background[None]), *pooled])

    def _pool(self, maps: torch.Tensor) -> torch.Tensor:
        height, width = maps.shape[1:]
        maps = F.pad(maps, (0, -width % self.stride, 0, -height % self.stride))
        return F.avg_pool2d(maps[None], self.stride)[0]

    def spread(self, scores: torch.Tensor, affinity: torch.Tensor) -> torch.Tensor:
        """Return scores (1 + K, h, w) after the random walk on the affinities (1, P, h, w)."""
        if not self.border_pairs:
            inner = torch.zeros_like(affinity)
            source_view(inner, self.walk['radius']).copy_(source_view(affinity, self.walk['radius']))
            affinity = inner
        return random_walk_from_affinity(scores[None], affinity, **self.walk)[0]
