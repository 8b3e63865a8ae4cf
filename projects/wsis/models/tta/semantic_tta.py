"""Test-time augmentation of semantic segmentors, with the tags of the photo and a dense CRF as options."""

from collections.abc import Iterable, Sequence

import torch
from mmdet.structures import DetDataSample
from mmengine.model import BaseTTAModel
from mmengine.registry import MODELS
from mmengine.structures import PixelData

from ...freed_memory import return_freed_memory
from ...ops.dense_crf import crf_settings, refine_scores_with_crf
from ...structures.finite_maps import check_finite_maps
from ..classifiers.cam_selection import check_mode
from ..crf_photo import load_crf_photo

# of DeepLab V2: standard deviations in pixels and colours, and weights
DEEPLAB_CRF = dict(channel_order='bgr', iterations=10, gaussian=(1.0, 3.0), bilateral=(67.0, 3.0, 4.0))

AVERAGES = ('probabilities', 'logits')
CHANNEL_ORDERS = ('bgr', 'rgb')


@MODELS.register_module()
class SemanticTTAModel(BaseTTAModel):
    """Average the class maps of all scales and mirror images, then decide every pixel.

    The model that is wrapped is a segmentor of mmseg. Why not mmseg's ``SegTTAModel``: it has neither modes nor a CRF.
    A view counts by how sure it is where logits are averaged, and as much as any other where probabilities are.

    Args:
        module: The segmentor.
        mode: ``'predict'``, or ``'pseudo_label'``: only background and the tags of the photo are chosen from.
        crf: Whether a dense CRF refines the probabilities, or those arguments of :func:`refine_scores_with_crf` that
            differ from DeepLab's settings. ``channel_order`` is that of the photo: ``'bgr'``, or ``'rgb'`` as in the
            official codes of SEAM and PPC.
        average: What is averaged: ``'probabilities'``, or ``'logits'`` as in the official code of PPC.
        data_preprocessor: As in mmengine.

    Raises:
        ValueError: If a mode, an average or a channel order is unknown.
    """

    def __init__(
        self,
        module: dict,
        mode: str = 'predict',
        crf: dict | bool | None = None,
        average: str = 'probabilities',
        data_preprocessor: dict | None = None,
    ) -> None:
        super().__init__(module, data_preprocessor)
        if average not in AVERAGES:
            raise ValueError(f'average of SemanticTTAModel is one of {", ".join(AVERAGES)}, not {average!r}')
        self.mode = check_mode(mode)
        self.average = average
        self.crf = crf_settings(crf, **DEEPLAB_CRF)
        self.channel_order = self.crf.pop('channel_order') if self.crf else 'bgr'
        if self.channel_order not in CHANNEL_ORDERS:
            orders, given = ', '.join(CHANNEL_ORDERS), self.channel_order
            raise ValueError(f'channel_order of the crf of SemanticTTAModel is one of {orders}, not {given!r}')

    @torch.no_grad()
    def test_step(self, data: dict[str, list]) -> list[DetDataSample]:
        """Find the class maps of all views of a batch one after the other, and merge them.

        Args:
            data: What ``TestTimeAug`` gives: ``inputs`` and ``data_samples``, of each a list a view.
        """
        return self._merge_views(self._see(*view) for view in zip(data['inputs'], data['data_samples']))

    def _see(self, inputs: list[torch.Tensor], samples: list[DetDataSample]) -> list[DetDataSample]:
        """Return the samples of a view with their class maps."""
        batch = self.module.data_preprocessor(dict(inputs=inputs, data_samples=samples), False)
        return_freed_memory(batch['inputs'][0, 0].numel())  # of the steps of normalising
        return self.module(**batch, mode='predict')

    @torch.no_grad()
    def merge_preds(self, data_samples_list: list[list[DetDataSample]]) -> list[DetDataSample]:
        """Merge the views of each photo: the inner list holds one sample a view, mirrored back by the segmentor."""
        return self._merge_views(zip(*data_samples_list))

    def _merge_views(self, views: Iterable[Sequence[DetDataSample]]) -> list[DetDataSample]:
        """Merge views, of each the samples of a batch; a view's class maps are given up before the next one is made."""
        merged, totals, count = None, None, 0
        for samples in views:
            count += 1
            pixels = samples[0].seg_logits.data[0].numel()
            return_freed_memory(pixels)  # of the network
            scores = []
            for sample in samples:
                sample.pop('pred_sem_seg', None)  # of the view alone, and as large
                scores.append(self._score(sample.pop('seg_logits').data))
            if merged is None:
                merged, totals = samples, scores
            else:
                totals = [total.add_(own) for total, own in zip(totals, scores)]
            del samples, scores
            return_freed_memory(pixels)
        return [self._finish(sample, total.div_(count)) for sample, total in zip(merged, totals)]

    def _score(self, logits: torch.Tensor) -> torch.Tensor:
        """Return what is averaged of the logits (C + 1, H, W) of a view."""
        return logits.clone() if self.average == 'logits' else logits.softmax(0)

    def _finish(self, merged: DetDataSample, scores: torch.Tensor) -> DetDataSample:
        """Decide every pixel by the average (C + 1, H, W) of all views."""
        if self.average == 'logits':
            scores = scores.softmax(0)
        check_finite_maps(merged.img_id, 'class maps', scores)
        labels = self._choose_labels(merged, len(scores), scores.device)
        scores = scores[labels]
        if self.crf is not None:
            photo = load_crf_photo(merged.img_path, 'tta_model.crf', self.channel_order)
            scores = torch.from_numpy(refine_scores_with_crf(photo, scores.cpu().numpy(), **self.crf))
        decided = labels.to(scores.device)[scores.argmax(0)]
        merged.pred_sem_seg = PixelData(data=decided[None].to(torch.uint8).cpu())
        merged.set_metainfo(dict(mode=self.mode))
        return merged

    def _choose_labels(self, sample: DetDataSample, count: int, device: torch.device) -> torch.Tensor:
        """Return the labels (L,) that the photo may have."""
        if self.mode == 'predict':
            return torch.arange(count, device=device)
        if sample.get('tags') is None:
            raise ValueError("Mode 'pseudo_label' needs the tags of each photo; use mode='predict' for photos without")
        return torch.tensor([0, *(tag + 1 for tag in sorted(sample.tags))], device=device)
