"""Affinity loss of IRNet's boundary branch (Ahn et al., CVPR 2019, section 4.2, equation 4)."""

import torch
from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from projects.wsis.ops.affinity import path_maximum, strongest_position
from projects.wsis.ops.paths import search_paths

from .inter_pixel import check_maps, global_mean, pair_targets

# inside the logarithms, as in the official IRNet code
LOG_EPSILON = 1e-5


@MODELS.register_module()
class AffinityLoss(nn.Module):
    """Ask for no boundary between pixels of one class, and for a boundary between pixels of different classes.

    The affinity of a pair is ``1 - max(boundary on the path)``; the loss is its binary cross entropy, averaged apart
    over background pairs, foreground pairs and negative pairs **of all processes** (see :func:`global_mean`). The mean
    of the first two counts as much as the third.

    Neither affinities nor path pixels are kept: one pass over the destinations makes both the sums and their gradients,
    three maps of the boundary's size. Sources keep ``radius - 1`` pixels off the left, right and lower border.

    Args:
        radius: Radius of the pair search in pixels of the boundary map.
        loss_weight: Factor of all terms. At 1 their sum is the official code's half of the affinities, which the
            displacement's half is added to.
    """

    def __init__(self, radius: int = 10, loss_weight: float = 1.0) -> None:
        super().__init__()
        search_paths(radius)  # a bad radius shows here, not in the first iteration
        self.radius = radius
        self.loss_weight = loss_weight

    def forward(self, boundary_logits: Tensor, label: Tensor) -> dict[str, Tensor]:
        """Loss of boundary logits against a label map.

        Args:
            boundary_logits: ``(N, 1, H, W)`` boundary before the sigmoid.
            label: ``(N, H, W)`` integers: 0 background, ``1 ..`` foreground classes, 255 not known.

        Returns:
            Scalars ``loss_affinity_background`` and ``loss_affinity_foreground`` (weight 1/4 each) and
            ``loss_affinity_negative`` (1/2). A kind without pairs gives 0.

        Raises:
            ValueError: If a shape or type does not fit, or the maps are too small for any pair.
        """
        check_maps('boundary logits', boundary_logits, 1, label, self.radius)
        if boundary_logits.dtype in (torch.float16, torch.bfloat16):
            boundary_logits = boundary_logits.float()  # sums over some hundred thousand pairs
        sums, counts = _AffinitySums.apply(boundary_logits.sigmoid()[:, 0], label, self.radius)
        background, foreground, negative = global_mean(sums, counts) * self.loss_weight
        return {
            'loss_affinity_background': background / 4,
            'loss_affinity_foreground': foreground / 4,
            'loss_affinity_negative': negative / 2,
        }

    def extra_repr(self) -> str:
        return f'radius={self.radius}, loss_weight={self.loss_weight}'


class _AffinitySums(torch.autograd.Function):
    """Sums ``(3,)`` of background, foreground and negative pairs' losses, and the number of pairs of each."""

    @staticmethod
    def forward(ctx, boundary: Tensor, label: Tensor, radius: int) -> tuple[Tensor, Tensor]:
        boundary = boundary.detach()
        wants_gradient = ctx.needs_input_grad[0]
        # float64, because some million addends follow, and thousands of pairs may share one boundary pixel
        sums = boundary.new_zeros(3, dtype=torch.float64)
        counts = torch.zeros_like(sums)
        gradients = boundary.new_zeros(3 * boundary.numel(), dtype=torch.float64) if wants_gradient else None
        for path in search_paths(radius):
            targets = torch.stack(pair_targets(label, path.destination, radius))
            _, foreground, negative = targets
            strongest, index = path_maximum(boundary, path.pixels, radius)
            # aff = 1 - strongest; -log(aff + eps) where aff should be 1, -log(1 + eps - aff) where it should be 0
            chance = torch.where(negative, strongest, 1 - strongest).add_(LOG_EPSILON)
            sums -= torch.where(targets, chance.log(), 0).sum((1, 2, 3), dtype=torch.float64)
            counts += targets.sum((1, 2, 3))
            if wants_gradient:
                slope = chance.reciprocal_().mul_(targets.any(0)).double()
                slope = torch.where(negative, -slope, slope)
                # a pair is of one kind at most, so a single scatter serves the three maps
                place = strongest_position(index, path.pixels, tuple(boundary.shape[1:]), radius)
                place += (foreground + 2 * negative.long()) * boundary.numel()
                gradients.scatter_add_(0, place.flatten(), slope.flatten())
        if wants_gradient:
            ctx.save_for_backward(gradients.to(boundary.dtype).view(3, *boundary.shape))
        ctx.mark_non_differentiable(counts)
        return sums.to(boundary.dtype), counts

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_sums: Tensor, _grad_counts: Tensor | None) -> tuple[Tensor, None, None]:
        (gradients,) = ctx.saved_tensors
        return torch.einsum('k,knhw->nhw', grad_sums, gradients), None, None
