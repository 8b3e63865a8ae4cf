"""EPS with the refinement and the second view of SEAM: what the official code of EPS + PPC trains."""

import torch
from mmdet.structures import DetDataSample
from mmengine.registry import MODELS

from ..heads.seam_head import ClassMaps
from .cam_classifier import CAMClassifier
from .eps import stack_saliency
from .seam import SEAM
from .two_view_classifier import make_second_view


@MODELS.register_module()
class EPSSEAM(SEAM):
    """SEAM on tags and saliency maps (branch ``esp`` of the official code of PPC, Du et al., CVPR 2022).

    With a ``contrast_head`` it is the EPS + PPC whose results that code has published. Predictions use nothing of the
    refinement: the raw maps are read out as in :class:`EPS`.

    Args:
        backbone: Backbone with at least three levels (or what ``low_levels`` of the head name).
        head: ``EPSSEAMHead``; its channels are set here.
        second_view: How the second view is made.
        loss_stride: As of :class:`SEAM`; as in the official code losses are taken of maps as the network gives them.
        test_cfg: As of :class:`CAMClassifier`.
        kwargs: Arguments of :class:`TwoViewClassifier`.
    """

    def __init__(
        self,
        backbone: dict,
        head: dict,
        second_view: dict | None = None,
        loss_stride: int | None = None,
        test_cfg: dict | None = None,
        **kwargs,
    ) -> None:
        test_cfg = {'normalization': 'max', **(test_cfg or {})}
        super().__init__(backbone, head, second_view or dict(size=(128, 128)), loss_stride, test_cfg, **kwargs)

    def supervise(
        self, maps: list[ClassMaps], tags: torch.Tensor, data_samples: list[DetDataSample]
    ) -> dict[str, torch.Tensor]:
        """Return the losses of the class maps of both views but the contrast's.

        Raises:
            ValueError: If a photo has no saliency map.
        """
        saliency = stack_saliency(data_samples)
        return self.head.loss(*maps, tags, saliency, make_second_view(saliency, **self.second_view))

    def find_maps(self, inputs: torch.Tensor, data_samples: list[DetDataSample]) -> list[DetDataSample]:
        """Add ``pred_scores`` (C,) and ``cam_maps`` (C, h, w), the shares of the raw maps."""
        return CAMClassifier.find_maps(self, inputs, data_samples)

    def enlarge_maps(self, maps: torch.Tensor, sample: DetDataSample) -> torch.Tensor:
        """Return class maps (C, h, w) of a view as they are."""
        return maps
