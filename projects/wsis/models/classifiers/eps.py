"""EPS: a multi-label classifier whose class maps are trained on saliency maps too."""

import torch
from mmdet.structures import DetDataSample
from mmengine.registry import MODELS
from torch import Tensor

from .two_view_classifier import TwoViewClassifier, make_second_view


@MODELS.register_module()
class EPS(TwoViewClassifier):
    """Explicit pseudo-pixel supervision (Lee et al., CVPR 2021), with pixel-to-prototype contrast (PPC) as a switch.

    With the contrast there are two views, as in PPC (Du et al., CVPR 2022, section 3): the second is the first one
    reduced on the device, both are trained on tags and saliency (mean of both), and the contrast ties their features.
    It picks pixels by the shares of the classes in the softmax, as CAMs do. Nothing of this is there at inference.

    Args:
        backbone: Backbone.
        head: ``EPSHead``; its ``in_channels`` are set here.
        second_view: How the second view is made, used with the contrast only.
        kwargs: Arguments of :class:`TwoViewClassifier`.
    """

    def __init__(self, backbone: dict, head: dict, second_view: dict | None = None, **kwargs) -> None:
        super().__init__(backbone, head, second_view or dict(size=(128, 128)), **kwargs)

    def loss(self, inputs: Tensor, data_samples: list[DetDataSample]) -> dict[str, Tensor]:
        """Return the losses of photos (N, 3, H, W) whose samples hold ``gt_tags`` and ``gt_saliency``."""
        tags = torch.stack([sample.gt_tags for sample in data_samples])
        saliency = stack_saliency(data_samples)
        features, maps = self._find_maps(inputs)
        if self.contrast_head is None:
            self.check_finite(data_samples, maps)
            return self.head.loss(maps, saliency, tags)
        features2, maps2 = self._find_maps(make_second_view(inputs, **self.second_view))
        self.check_finite(data_samples, maps, maps2)
        losses = self.head.loss(maps, saliency, tags)
        losses2 = self.head.loss(maps2, saliency, tags)
        losses = {name: (loss + losses2[name]) / 2 for name, loss in losses.items()}
        # CAMs are read from the shares too; a class's map alone covers more than its class, as its mean is a logit
        contrast = self.contrast_head.loss(features, maps.softmax(1), features2, maps2.softmax(1), tags)
        return {**losses, **contrast}

    def _find_maps(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the features that the head reads and the class maps made of them."""
        features = self.extract_feat(inputs)
        # float32, as all that follows are means and sums over pixels
        return features[self.head.in_index], self.head(features).float()


def stack_saliency(data_samples: list[DetDataSample]) -> Tensor:
    """Return the saliency maps of a batch, (N, 1, H, W) in [0, 1].

    Raises:
        ValueError: If a photo has none.
    """
    missing = [sample.get('img_id', '?') for sample in data_samples if 'gt_saliency' not in sample]
    if missing:
        raise ValueError(f'Photo {missing[0]} comes without saliency map: add LoadSaliency to the training pipeline')
    return torch.stack([sample.gt_saliency.data for sample in data_samples]).float() / 255
