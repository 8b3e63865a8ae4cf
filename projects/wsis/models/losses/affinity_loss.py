"""Affinity loss of IRNet's boundary branch (Ahn et al., CVPR 2019, section 4.2, equation 4)."""

import math

import torch
from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from projects.wsis.ops.affinity import StrongestOnPath, follow_paths, place_pixels, source_size, source_view
from projects.wsis.ops.paths import search_paths

from .inter_pixel import LabelledPairs, PairTargets, check_maps, global_mean, split_samples

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
        boundary, wants_gradient = boundary.detach(), ctx.needs_input_grad[0]
        values = math.prod(source_size(*boundary.shape[1:], radius))
        found = [
            _sum_pairs(*samples, radius, wants_gradient) for samples in split_samples(boundary, label, values=values)
        ]
        sums, counts, gradients = zip(*found)
        if wants_gradient:
            ctx.save_for_backward(torch.cat(gradients, 1))
        counts = sum(counts)
        ctx.mark_non_differentiable(counts)
        return sum(sums).to(boundary.dtype), counts

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_sums: Tensor, _grad_counts: Tensor | None) -> tuple[Tensor, None, None]:
        (gradients,) = ctx.saved_tensors
        return torch.einsum('k,knhw->nhw', grad_sums, gradients), None, None


def _sum_pairs(
    boundary: Tensor, label: Tensor, radius: int, wants_gradient: bool
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Return sums ``(3,)``, counts ``(3,)`` and gradients ``(3, N, H, W)`` of some samples."""
    labelled = LabelledPairs(label, radius, boundary.dtype)
    gradients = _PathGradients(boundary, radius) if wants_gradient else None
    sums, counts = [], []
    for strongest in follow_paths(boundary, radius, wants_gradient):
        targets = labelled.compare(strongest.destination)
        # aff = 1 - strongest; -log(aff + eps) where aff should be 1, -log(1 + eps - aff) where it should be 0
        chance = torch.lerp(1 - strongest.values, strongest.values, targets.negative).add_(LOG_EPSILON)
        logarithm = chance.log()
        sums += [(logarithm * target).sum() for target in targets]
        counts += [target.sum() for target in targets]
        if wants_gradient:
            gradients.add(strongest, targets, chance.reciprocal_())
    # float64, because all destinations together are some million addends
    sums, counts = (torch.stack(each).view(-1, 3).sum(0, dtype=torch.float64) for each in (sums, counts))
    return -sums, counts, gradients.finish() if wants_gradient else None


class _PathGradients:
    """Gathers the gradients of the three kinds of pairs at the strongest pixels of their paths.

    Args:
        boundary: ``(N, H, W)``, samples last in memory.
        radius: Of the pair search.
    """

    def __init__(self, boundary: Tensor, radius: int) -> None:
        self.boundary = boundary
        # float64, because thousands of pairs may share one boundary pixel
        self.total = boundary.new_zeros(3 * boundary.numel(), dtype=torch.float64)
        steps = place_pixels(radius, tuple(boundary.shape[1:]), boundary.device) * len(boundary)
        kinds = torch.arange(3, device=boundary.device).mul_(boundary.numel())
        self.steps = (kinds[:, None] + steps).flatten()  # by kind, then by pixel
        self.pixels = len(steps)
        places = torch.arange(boundary.numel(), device=boundary.device)
        sources = source_view(places.view(*boundary.shape[1:], -1).movedim(-1, 0), radius)
        self.sources = sources.movedim(0, -1).flatten()

    def add(self, strongest: StrongestOnPath, targets: PairTargets, inverse: Tensor) -> None:
        """Add the pairs of one destination; ``inverse`` (N, h, w) is one over what the logarithm is taken of."""
        background, foreground, negative = targets
        slope = inverse.mul_(background + foreground - negative)
        # a pair is of one kind at most, so a single scatter serves the three maps
        row = strongest.pixels.add(foreground, alpha=self.pixels).add_(negative, alpha=2 * self.pixels)
        row = row.movedim(0, -1).flatten().int()
        place = self.steps.index_select(0, row).add_(self.sources)
        self.total.scatter_add_(0, place, slope.movedim(0, -1).flatten().double())

    def finish(self) -> Tensor:
        """Return the gradients ``(3, N, H, W)``."""
        _, height, width = self.boundary.shape
        return self.total.to(self.boundary.dtype).view(3, height, width, -1).movedim(-1, 1)
