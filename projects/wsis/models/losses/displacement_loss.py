"""Displacement loss of IRNet (Ahn et al., CVPR 2019, section 4.2, equations 5 and 6)."""

import math

import torch
from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from projects.wsis.ops.affinity import source_size, source_view
from projects.wsis.ops.paths import search_paths
from projects.wsis.ops.small_copies import copy_without_waiting

from .inter_pixel import LabelledPairs, check_maps, global_mean, split_samples


@MODELS.register_module()
class DisplacementLoss(nn.Module):
    """Pixels of one instance point to one centroid, so the displacements of a pair differ by the offset between them.

    Which pairs are of one instance is not known: nearby pixels of one foreground class stand for them. Background
    pixels should not differ. Both terms are L1 and averaged over the coordinates of the pairs **of all processes** (see
    :func:`global_mean`). One pass over the destinations makes the sums and their gradients; no pair is kept.

    Args:
        radius: Radius of the pair search in pixels of the displacement map.
        loss_weight: Factor of both terms. At 1 their sum is the official code's half of the displacement.
    """

    def __init__(self, radius: int = 10, loss_weight: float = 1.0) -> None:
        super().__init__()
        search_paths(radius)  # a bad radius shows here, not in the first iteration
        self.radius = radius
        self.loss_weight = loss_weight

    def forward(self, displacement: Tensor, label: Tensor) -> dict[str, Tensor]:
        """Loss of a displacement field against a label map.

        Args:
            displacement: ``(N, 2, H, W)`` displacement ``(y, x)`` in pixels of the map.
            label: ``(N, H, W)`` integers: 0 background, ``1 ..`` foreground classes, 255 not known.

        Returns:
            Scalars ``loss_displacement_foreground`` and ``loss_displacement_background`` (weight 1/2 each). A kind
            without pairs gives 0.

        Raises:
            ValueError: If a shape or type does not fit, or the maps are too small for any pair.
        """
        check_maps('displacement', displacement, 2, label, self.radius)
        if displacement.dtype in (torch.float16, torch.bfloat16):
            displacement = displacement.float()
        sums, counts = _DisplacementSums.apply(displacement, label, self.radius)
        foreground, background = global_mean(sums, 2 * counts) * self.loss_weight  # 2 coordinates a pair
        return {
            'loss_displacement_foreground': foreground / 2,
            'loss_displacement_background': background / 2,
        }

    def extra_repr(self) -> str:
        return f'radius={self.radius}, loss_weight={self.loss_weight}'


class _DisplacementSums(torch.autograd.Function):
    """Sums ``(2,)`` of foreground and background pairs' L1 distances, and the number of pairs of each."""

    @staticmethod
    def forward(ctx, displacement: Tensor, label: Tensor, radius: int) -> tuple[Tensor, Tensor]:
        displacement = displacement.detach()
        values = 2 * math.prod(source_size(*displacement.shape[2:], radius))
        found = [_sum_pairs(*samples, radius) for samples in split_samples(displacement, label, values=values)]
        sums, counts, gradients = zip(*found)
        ctx.save_for_backward(torch.cat(gradients, 1))
        counts = sum(counts)
        ctx.mark_non_differentiable(counts)
        return sum(sums).to(displacement.dtype), counts

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_sums: Tensor, _grad_counts: Tensor | None) -> tuple[Tensor, None, None]:
        (gradients,) = ctx.saved_tensors
        return torch.einsum('k,knchw->nchw', grad_sums, gradients), None, None


def _sum_pairs(displacement: Tensor, label: Tensor, radius: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return sums ``(2,)``, counts ``(2,)`` and gradients ``(2, N, 2, H, W)`` of some samples."""
    labelled = LabelledPairs(label, radius, displacement.dtype)
    source = source_view(displacement, radius)
    # of a pair's distance: 1, 0 or -1 for the source, the opposite for the destination
    gradients, of_sources = (
        maps.new_zeros(2, *maps.shape[1:], len(maps)).movedim(-1, 1) for maps in (displacement, source)
    )
    destinations = [destination for destination, _ in search_paths(radius)]
    ways = copy_without_waiting(torch.tensor(destinations, dtype=displacement.dtype), displacement.device)
    counts, signs = [], []
    for destination, way in zip(destinations, ways.view(-1, 2, 1, 1)):
        background, foreground = labelled.find_equal(destination)
        difference = source - source_view(displacement, radius, destination)
        for kind, (target, error) in enumerate(((foreground, difference - way), (background, difference))):
            slope = (error * target[:, None]).sign_()
            of_sources[kind].add_(slope)
            source_view(gradients[kind], radius, destination).sub_(slope)
            counts.append(target.sum())
            if kind == 0:
                signs.append(slope.sum((0, 2, 3)))
    source_view(gradients, radius).add_(of_sources)
    # |d - way| is sign * (d - way), and the sum of sign * d is that of gradient * displacement over the pixels
    sums = (gradients.double() * displacement).sum((1, 2, 3, 4))
    sums[0] -= (torch.stack(signs).double() * ways).sum()
    return sums, torch.stack(counts).view(-1, 2).sum(0, dtype=torch.float64), gradients
