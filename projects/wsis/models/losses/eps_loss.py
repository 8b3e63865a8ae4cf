"""The saliency loss of EPS (Lee et al., CVPR 2021, section 3.2, equations 2 to 5)."""

import torch.nn.functional as F
from mmengine.registry import MODELS
from torch import Tensor, nn

# Share of the map that is added to the area of a class, so that a class without area has overlap 0 (official code).
AREA_EPSILON = 1e-4


@MODELS.register_module()
class EPSLoss(nn.Module):
    """Class maps together must equal the given saliency map.

    The softmax over background and all classes gives every pixel its shares. A tagged class whose own pixels (share
    over 1/2) lie in the salient region by more than ``tau`` is foreground; the other tagged classes, whose objects the
    saliency model has not found, count as background. The predicted saliency is ``lam * foreground + (1 - lam) * (1 -
    background)`` and the loss its mean squared error. Classes that are not tagged are in neither map.

    Args:
        tau: Share of a class's own pixels that must be salient (the precision of the class map; .4 in the paper).
        lam: Weight of the foreground map against the inverted background map (lambda; .5 for VOC, .9 for COCO).
        loss_weight: Factor of the loss.

    Raises:
        ValueError: If ``tau`` or ``lam`` is not in [0, 1].
    """

    def __init__(self, tau: float = 0.4, lam: float = 0.5, loss_weight: float = 1.0) -> None:
        super().__init__()
        for name, value in (('tau', tau), ('lam', lam)):
            if not 0 <= value <= 1:
                raise ValueError(f'EPSLoss: {name} lies in [0, 1], not {value}')
        self.tau = tau
        self.lam = lam
        self.loss_weight = loss_weight

    def forward(self, maps: Tensor, saliency: Tensor, tags: Tensor) -> Tensor:
        """Return the loss of class maps against saliency maps.

        The mean runs over all pixels of the batch, so processes with batches of one size average to the global mean.

        Args:
            maps: ``(N, C + 1, h, w)`` logits, background first.
            saliency: ``(N, 1, H, W)`` in [0, 1]; reduced to ``(h, w)`` by the nearest pixel.
            tags: ``(N, C)`` multi-hot.

        Returns:
            The loss, a scalar.

        Raises:
            ValueError: If a shape does not fit.
        """
        _check_shapes(maps, saliency, tags)
        shares = maps.float().softmax(1)
        saliency = F.interpolate(saliency.float(), maps.shape[-2:])
        foreground, background = self.split_classes(shares, saliency, tags)
        predicted = self.lam * foreground + (1 - self.lam) * (1 - background)
        return self.loss_weight * F.mse_loss(predicted, saliency)

    def split_classes(self, shares: Tensor, saliency: Tensor, tags: Tensor) -> tuple[Tensor, Tensor]:
        """Return the foreground and the background map, each ``(N, 1, h, w)``.

        Args:
            shares: ``(N, C + 1, h, w)`` in [0, 1], background first.
            saliency: ``(N, 1, h, w)`` in [0, 1].
            tags: ``(N, C)`` multi-hot.
        """
        tagged = tags > 0
        salient = tagged & (overlap_with_saliency(shares[:, 1:].detach(), saliency) > self.tau)
        # sums and not einsum, which mixed precision would take in half precision
        foreground, hidden = (
            (shares[:, 1:] * classes[..., None, None]).sum(1, keepdim=True) for classes in (salient, tagged & ~salient)
        )
        return foreground, shares[:, :1] + hidden

    def extra_repr(self) -> str:
        return f'tau={self.tau}, lam={self.lam}, loss_weight={self.loss_weight}'


def overlap_with_saliency(shares: Tensor, saliency: Tensor) -> Tensor:
    """Return which part of each class's own pixels is salient, ``(N, C)`` in [0, 1]; 0 for a class without own pixels.

    Args:
        shares: ``(N, C, h, w)`` in [0, 1]; a pixel is a class's own where its share is over 1/2.
        saliency: ``(N, 1, h, w)`` in [0, 1]; salient where over 1/2.
    """
    own, salient = shares > 0.5, saliency > 0.5
    area = own.sum((2, 3)) + AREA_EPSILON * shares.shape[-2] * shares.shape[-1]
    return (own & salient).sum((2, 3)) / area


def _check_shapes(maps: Tensor, saliency: Tensor, tags: Tensor) -> None:
    if maps.dim() != 4:
        raise ValueError(f'EPSLoss: class maps are (N, C + 1, h, w), not {tuple(maps.shape)}')
    if saliency.dim() != 4 or saliency.shape[:2] != (len(maps), 1):
        raise ValueError(f'EPSLoss: saliency is ({len(maps)}, 1, H, W) for these maps, not {tuple(saliency.shape)}')
    if tags.shape != (len(maps), maps.shape[1] - 1):
        raise ValueError(
            f'EPSLoss: {maps.shape[1]} maps are background and {maps.shape[1] - 1} classes, so tags are '
            f'({len(maps)}, {maps.shape[1] - 1}), not {tuple(tags.shape)}'
        )
