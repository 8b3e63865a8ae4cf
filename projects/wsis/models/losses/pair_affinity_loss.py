"""Loss of AffinityNet on given affinities of pixel pairs (Ahn and Kwak, CVPR 2018, section 3.2, equations 3 to 6)."""

import torch
from mmengine.registry import MODELS
from torch import Tensor, nn

from projects.wsis.ops.affinity import source_view
from projects.wsis.ops.paths import search_paths

from .affinity_loss import LOG_EPSILON
from .inter_pixel import LabelledPairs, check_maps, global_mean


@MODELS.register_module()
class PairAffinityLoss(nn.Module):
    """Ask for affinity 1 for pairs of one class and 0 for pairs of different classes.

    Binary cross entropy, averaged apart over background pairs, foreground pairs and negative pairs **of all processes**
    (see :func:`global_mean`); the mean of the first two counts as much as the third. Sources keep ``radius - 1`` pixels
    off the left, right and lower border, as in the official code.

    Args:
        radius: Radius of the pair search in pixels of the affinity map.
        loss_weight: Factor of all terms.
    """

    def __init__(self, radius: int = 5, loss_weight: float = 1.0) -> None:
        super().__init__()
        search_paths(radius)  # a bad radius shows here, not in the first iteration
        self.radius = radius
        self.loss_weight = loss_weight

    def forward(self, affinity: Tensor, label: Tensor) -> dict[str, Tensor]:
        """Loss of affinities against a label map.

        Args:
            affinity: ``(N, P, H, W)`` in [0, 1] with the destinations of ``search_paths(radius)``.
            label: ``(N, H, W)`` integers: 0 background, ``1 ..`` foreground classes, 255 not known.

        Returns:
            Scalars ``loss_affinity_background`` and ``loss_affinity_foreground`` (weight 1/4 each) and
            ``loss_affinity_negative`` (1/2). A kind without pairs gives 0.

        Raises:
            ValueError: If a shape or type does not fit, or the maps are too small for any pair.
        """
        paths = search_paths(self.radius)
        check_maps('affinity', affinity, len(paths), label, self.radius)
        if affinity.dtype in (torch.float16, torch.bfloat16):
            affinity = affinity.float()
        affinity = source_view(affinity, self.radius)
        labelled = LabelledPairs(label, self.radius, affinity.dtype)
        by_destination = [labelled.compare(path.destination) for path in paths]
        targets = torch.stack([torch.stack(kind, 1) for kind in zip(*by_destination)])  # 3, N, P, h, w
        positive, negative = -(affinity + LOG_EPSILON).log(), -(1 + LOG_EPSILON - affinity).log()
        losses = torch.stack([positive, positive, negative]) * targets
        sums = losses.sum((1, 2, 3, 4), dtype=torch.float64).to(affinity.dtype)
        counts = targets.sum((1, 2, 3, 4), dtype=torch.float64)
        background, foreground, negative = global_mean(sums, counts) * self.loss_weight
        return {
            'loss_affinity_background': background / 4,
            'loss_affinity_foreground': foreground / 4,
            'loss_affinity_negative': negative / 2,
        }

    def extra_repr(self) -> str:
        return f'radius={self.radius}, loss_weight={self.loss_weight}'
