"""The head of EPS + PPC in its official code: SEAM's maps, trained on saliency maps too."""

import torch
from mmengine.registry import MODELS

from .eps_head import read_shares
from .seam_head import ClassMaps, SEAMHead


@MODELS.register_module()
class EPSSEAMHead(SEAMHead):
    """Class maps of SEAM whose raw and refined maps are compared with saliency maps as in EPS.

    Source: branch ``esp`` of the official code of PPC (usr922/wseg). The raw maps are read out as CAMs, by their
    shares of the softmax, as in EPS.

    Args:
        *args: As of :class:`SEAMHead`.
        dropout: As of :class:`SEAMHead`; the official code has none here.
        loss_eps: Loss on (maps (N, C + 1, h, w), saliency (N, 1, H, W), tags (N, C)).
        refined_weight: Factor of the saliency loss of the refined maps. As in the official code they are taken for
            logits, although they lie in [0, 1]: their softmax is nearly flat, so that no class is ever found salient in
            them. 0 leaves this term out.
        **kwargs: As of :class:`SEAMHead`.
    """

    def __init__(
        self, *args, dropout: float = 0.0, loss_eps: dict | None = None, refined_weight: float = 1.0, **kwargs
    ) -> None:
        super().__init__(*args, dropout=dropout, **kwargs)
        self.loss_eps = MODELS.build(loss_eps or dict(type='EPSLoss'))
        self.refined_weight = refined_weight

    def loss(
        self,
        view1: ClassMaps,
        view2: ClassMaps,
        tags: torch.Tensor,
        saliency1: torch.Tensor,
        saliency2: torch.Tensor,
    ) -> dict[str, torch.Tensor]:
        """Return the losses between two views of the same photos.

        Args:
            view1: Maps of the photos, any size.
            view2: Maps of the reduced photos.
            tags: (N, C) multi-hot.
            saliency1: (N, 1, H, W) in [0, 1] of the photos.
            saliency2: (N, 1, h, w) of the reduced photos.

        Returns:
            Those of :class:`SEAMHead`, ``loss_eps`` and ``loss_eps_refined``, each the mean of both views.
        """
        losses = super().loss(view1, view2, tags)
        pairs = (view1, saliency1), (view2, saliency2)
        losses['loss_eps'] = sum(self.loss_eps(view.raw, saliency, tags) for view, saliency in pairs) / 2
        if self.refined_weight:
            refined = sum(self.loss_eps(view.refined, saliency, tags) for view, saliency in pairs) / 2
            losses['loss_eps_refined'] = self.refined_weight * refined
        return losses

    def predict(
        self, features: tuple[torch.Tensor, ...], valid_sizes: list[tuple[int, int]]
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Return the scores and class shares of each photo; see :meth:`EPSHead.predict`."""
        return read_shares(self.classifier(self.drop(features)), valid_sizes)
