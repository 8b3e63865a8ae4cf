"""Class prototypes and the choice of pixels for contrast (PPC, Du et al., CVPR 2022, sections 3.2 and 3.4).

Pixels of a whole batch are rows: ``(P, D)`` features, ``(P, K)`` confidences of ``K = C + 1`` classes, background
first. Nothing loops over pixels or classes, and nothing waits for a GPU.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Prototypes(NamedTuple):
    """One vector per class.

    Attributes:
        vectors: ``(K, D)``, of length 1.
        valid: ``(K,)`` bool: whether the class has any confident pixel in the batch.
    """

    vectors: Tensor
    valid: Tensor


def flatten_pixels(maps: Tensor) -> Tensor:
    """Reorder maps ``(N, D, h, w)`` to rows of pixels ``(N * h * w, D)``."""
    return maps.permute(0, 2, 3, 1).flatten(0, 2)


def choose_confident_pixels(scores: Tensor, count: int) -> Tensor:
    """Choose the most confident pixels of each class over the whole batch.

    Equal confidences, such as those of the background, which are all equal, are decided by how little any foreground
    class responds, then by the place in the batch. The choice is therefore the same on every device, and the
    background's pixels are those least like any object.

    Args:
        scores: ``(P, K)`` confidences, background first.
        count: How many pixels a class gets; all of them where there are fewer.

    Returns:
        ``(K, count)`` int64 places among the pixels, most confident first.
    """
    response = scores[:, 1:].amax(1) if scores.shape[1] > 1 else scores[:, 0]
    order = response.argsort(stable=True)
    ranked = scores[order].T.sort(dim=1, descending=True, stable=True).indices
    return order[ranked[:, :count]]


def estimate_prototypes(features: Tensor, scores: Tensor, pixels: Tensor) -> Tensor:
    """Average the features of each class's pixels, weighted by confidence.

    Args:
        features: ``(P, D)``.
        scores: ``(P, K)``; confidences below 0 weigh nothing. A class without a positive one gets the plain mean.
        pixels: ``(K, k)`` places of each class's pixels.

    Returns:
        ``(K, D)`` vectors of length 1 (0 where the mean is 0).
    """
    weights = scores.T.gather(1, pixels).clamp(min=0)
    weights = torch.where(weights.sum(1, keepdim=True) > 0, weights, 1.0)
    means = torch.einsum('kp,kpd->kd', weights, features[pixels]) / weights.sum(1, keepdim=True)
    return F.normalize(means, dim=1)


def make_prototypes(features: Tensor, scores: Tensor, count: int, pixels: Tensor | None = None) -> Prototypes:
    """Choose each class's most confident pixels and average their features.

    A class that responds nowhere in the batch has no confident pixel and no valid prototype.

    Args:
        features: ``(P, D)``.
        scores: ``(P, K)``.
        count: How many pixels a class gets.
        pixels: ``(K, k)`` places to use instead of the most confident ones; every class is valid then.
    """
    valid = scores.amax(0) > 0 if pixels is None else torch.ones_like(scores[0], dtype=torch.bool)
    pixels = choose_confident_pixels(scores, count) if pixels is None else pixels
    return Prototypes(estimate_prototypes(features, scores, pixels), valid)


def rank_within_class(keys: Tensor, labels: Tensor, counts: Tensor) -> Tensor:
    """Rank every pixel among those of its class.

    Args:
        keys: ``(P,)`` what is ranked by, lowest first; ties by place.
        labels: ``(P,)`` class of each pixel.
        counts: ``(K,)`` pixels of each class.

    Returns:
        ``(P,)`` int64 ranks from 0.

    Example:
        >>> rank_within_class(torch.tensor([.3, .1, .2]), torch.tensor([0, 1, 0]), torch.tensor([2, 1]))
        tensor([1, 0, 0])
    """
    order = keys.argsort(stable=True)
    order = order[labels[order].argsort(stable=True)]
    starts = counts.cumsum(0) - counts
    ranks = torch.empty_like(labels)
    ranks[order] = torch.arange(len(labels), device=labels.device) - starts[labels[order]]
    return ranks


def count_labels(labels: Tensor, num_classes: int) -> Tensor:
    """Return how many pixels ``(K,)`` each class has (``bincount`` would wait for the GPU)."""
    return torch.zeros(num_classes, dtype=torch.long, device=labels.device).scatter_add_(
        0, labels, torch.ones_like(labels)
    )


def hard_pixel_weights(
    labels: Tensor,
    similarity: Tensor,
    num_classes: int,
    random_keys: Tensor,
    hard_fraction: float = 0.6,
    random_pixels: Tensor | None = None,
    hard_pixels: Tensor | None = None,
) -> Tensor:
    """Weigh pixels for the intra-view term: a sum with these weights is the mean over classes of pixel means.

    Of a class of L pixels, L // 2 are drawn at random; L // 2 more are the most similar to the prototype among the
    ``hard_fraction`` least similar ones, which leaves the most extreme tenth out. A pixel may be chosen twice. A class
    of one pixel adds nothing, but counts in the mean over classes, as in the official code.

    Args:
        labels: ``(P,)`` class of each pixel of the whole batch.
        similarity: ``(P,)`` similarity of each pixel to the prototype of its class.
        num_classes: With the background.
        random_keys: ``(P,)`` random numbers; the half of a class with the lowest is drawn.
        hard_fraction: At least .5.
        random_pixels: Places of drawn pixels to use instead.
        hard_pixels: Places of hard pixels to use instead.

    Returns:
        ``(P,)`` weights, float32.
    """
    counts = count_labels(labels, num_classes)
    half = (counts // 2)[labels]
    if random_pixels is None:
        drawn = rank_within_class(random_keys, labels, counts) < half
    else:
        drawn = _mark(random_pixels, labels)
    if hard_pixels is None:
        # float64, so that .6 of 5 is 3 on every device
        last = (counts.double() * hard_fraction).long()[labels]
        rank = rank_within_class(similarity, labels, counts)
        hard = (rank >= last - half) & (rank < last)
    else:
        hard = _mark(hard_pixels, labels)
    chosen = drawn.float() + hard.float()
    return chosen / (2 * half).clamp(min=1) / (counts > 0).sum()


def _mark(places: Tensor, like: Tensor) -> Tensor:
    return torch.zeros_like(like, dtype=torch.bool).index_fill_(0, places, True)


def semi_hard_logits(logits: Tensor, valid: Tensor, ranks: tuple[int, int]) -> Tensor:
    """Keep the prototypes of middle similarity as negatives of each pixel.

    Args:
        logits: ``(P, K)`` similarities of pixels and prototypes.
        valid: ``(K,)`` which prototypes there are.
        ranks: First and last rank by falling similarity that is kept, from 1. Both are clipped to the number V of
            valid prototypes: with ranks 4 to 13, nine prototypes give ranks 4 to 9, and two give the second alone.
            The pixel's own prototype is not left out, as in the official code.

    Returns:
        ``(P, K)`` the logits by falling similarity, minus infinity outside the ranks.
    """
    ranked = logits.masked_fill(~valid, float('-inf')).sort(dim=1, descending=True, stable=True).values
    number = valid.sum()
    rank = torch.arange(1, logits.shape[1] + 1, device=logits.device)
    kept = (rank >= number.clamp(max=ranks[0])) & (rank <= number.clamp(max=ranks[1]))
    return ranked.masked_fill(~kept, float('-inf'))
