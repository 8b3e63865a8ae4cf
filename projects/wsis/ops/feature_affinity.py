"""Affinity of pixel pairs from their features (AffinityNet, Ahn and Kwak, CVPR 2018, equation 2)."""

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .paths import search_paths

# Largest number of bytes of differences of features at once.
DIFFERENCE_BYTES = 64 * 2**20


def feature_affinity(features: Tensor, radius: int = 5) -> Tensor:
    """Affinity ``exp(-mean_c |f_i - f_j|)`` of every pixel with its neighbours in the half plane below and right of it.

    No difference of features is kept for the gradient: for a batch of 8 maps of 56x56 with 448 channels those of radius
    5 would take over a gigabyte.

    Args:
        features: ``(N, C, H, W)``; half precision is computed in float32.
        radius: Radius of the pair search, see :func:`search_paths`.

    Returns:
        ``(N, P, H, W)`` affinity in (0, 1], one channel a destination in the order of ``search_paths(radius)``; exactly
        0 where the destination is outside the map. Differentiable.

    Raises:
        ValueError: If ``features`` is not a floating-point ``(N, C, H, W)`` tensor, or has no channel.

    Example:
        >>> features = torch.tensor([[[[0., 0., 2.]], [[1., 1., 1.]]]])   # two channels, one row of three pixels
        >>> feature_affinity(features, radius=2)[0, 0]    # with the pixel to the right: mean difference 0, then 1
        tensor([[1.0000, 0.3679, 0.0000]])
    """
    if features.dim() != 4 or not features.is_floating_point() or not features.shape[1]:
        raise ValueError(
            f'features must be a floating-point tensor (N, C, H, W), got {features.dtype} {tuple(features.shape)}'
        )
    search_paths(radius)  # names a bad radius before autograd wraps the error
    if features.dtype in (torch.float16, torch.bfloat16):
        features = features.float()
    return _FeatureAffinity.apply(features, radius)


def _pair_regions(radius: int, height: int, width: int) -> list[tuple[tuple, tuple] | None]:
    """Index of the sources and of the destinations of each pair that lies in the map; None where no pair does."""
    regions = []
    for y, x in (path.destination for path in search_paths(radius)):
        left, right = max(0, -x), max(0, x)
        sources = (..., slice(0, max(0, height - y)), slice(left, max(left, width - right)))
        destinations = (..., slice(y, height), slice(right, max(right, width - left)))
        regions.append((sources, destinations) if y < height and abs(x) < width else None)
    return regions


class _FeatureAffinity(torch.autograd.Function):
    """The affinities; the gradient computes the differences of features again."""

    @staticmethod
    def forward(ctx, features: Tensor, radius: int) -> Tensor:
        plane = features.detach()
        regions = _pair_regions(radius, *plane.shape[2:])
        affinity = plane.new_zeros(len(plane), len(regions), *plane.shape[2:])
        rows = max(1, DIFFERENCE_BYTES * plane.shape[2] // max(1, plane.numel() * plane.element_size()))
        for channel, region in enumerate(regions):
            if region is not None:
                sources, destinations = region
                # a few rows at a time, because the differences of all are as large as the features
                own, other, result = plane[sources], plane[destinations], affinity[:, channel][sources]
                for one, two, part in zip(own.split(rows, 2), other.split(rows, 2), result.split(rows, 1)):
                    part.copy_((one - two).abs_().mean(1).neg_().exp_())
        ctx.radius = radius
        if ctx.needs_input_grad[0]:
            ctx.save_for_backward(plane, affinity)
        return affinity

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_affinity: Tensor) -> tuple[Tensor, None]:
        features, affinity = ctx.saved_tensors
        gradient = torch.zeros_like(features)
        slope = grad_affinity * affinity / -features.shape[1]  # of the summed differences
        for channel, region in enumerate(_pair_regions(ctx.radius, *features.shape[2:])):
            if region is not None:
                sources, destinations = region
                share = (features[sources] - features[destinations]).sign_().mul_(slope[:, channel][sources][:, None])
                gradient[sources] += share
                gradient[destinations] -= share
        return gradient, None
