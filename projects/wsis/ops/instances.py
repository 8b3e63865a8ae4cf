"""Scored instances from per-channel score maps (IRNet's label making, Ahn et al., CVPR 2019, section 4.4).

A channel is one instance of one class. Where it wins, its 4-connected components become instances of their own.
"""

from typing import NamedTuple

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor


class InstanceMap(NamedTuple):
    """Instances that do not overlap, as one map of numbers: much less than one mask each on a large photo.

    Attributes:
        numbers: ``(H, W)`` int64, 0 for none, ``i + 1`` for instance ``i``.
        labels: ``(M,)`` int64 label of each instance.
        scores: ``(M,)`` score of each instance, in the type of the score maps.
    """

    numbers: Tensor
    labels: Tensor
    scores: Tensor

    def masks(self) -> Tensor:
        """``(M, H, W)`` bool mask of each instance."""
        return self.numbers == torch.arange(1, len(self.labels) + 1, device=self.numbers.device)[:, None, None]

    def boxes(self) -> Tensor:
        """``(M, 4)`` float32 box ``x1, y1, x2, y2`` of each instance, the right and lower borders outside it."""
        found = ndimage.find_objects(self.numbers.cpu().numpy(), max_label=len(self.labels))
        boxes = [(x.start, y.start, x.stop, y.stop) for y, x in found]
        return torch.tensor(boxes, dtype=torch.float32, device=self.numbers.device).view(-1, 4)


@torch.no_grad()
def detect_instances(winner: Tensor, scores: Tensor, labels: Tensor, min_area: float = 0.0) -> InstanceMap:
    """Split the regions of an argmax map into 4-connected components and score them.

    Args:
        winner: ``(H, W)`` integers: 0 for the background, ``1 + c`` where channel ``c`` wins.
        scores: ``(C, H, W)`` score maps.
        labels: ``(C,)`` integer label of each channel.
        min_area: Components of fewer pixels (strictly) keep their mask but get score 0; IRNet uses 1% of the photo.

    Returns:
        The instances, ordered by channel, then by first pixel in raster order. An instance has its channel's label; its
        score is the maximum of its channel inside it.

    Raises:
        ValueError: If a shape does not fit or ``winner`` names a channel that is not there.
    """
    _check_scores(scores, labels)
    if winner.shape != scores.shape[1:] or winner.is_floating_point():
        raise ValueError(
            f'winner must be an integer map (H, W) = {tuple(scores.shape[1:])}, '
            f'got {winner.dtype} {tuple(winner.shape)}'
        )
    _check_winner(winner, len(labels))
    if len(scores):
        best = scores.gather(0, (winner.long() - 1).clamp(min=0)[None].to(scores.device))[0]
    else:
        best = scores.new_zeros(winner.shape)
    return split_regions(winner, best, labels, min_area)


@torch.no_grad()
def split_regions(winner: Tensor, best: Tensor, labels: Tensor, min_area: float = 0.0) -> InstanceMap:
    """:func:`detect_instances` where only the winners' scores are at hand: one map instead of one per channel.

    Args:
        winner: ``(H, W)`` integers: 0 for the background, ``1 + c`` where channel ``c`` wins.
        best: ``(H, W)`` score of the winner; not looked at where the background wins.
        labels: ``(C,)`` integer label of each channel.
        min_area: Components of fewer pixels (strictly) keep their mask but get score 0.

    Returns:
        The instances, as :func:`detect_instances` gives them.

    Raises:
        ValueError: If a shape does not fit or ``winner`` names a channel that is not there.
    """
    if winner.dim() != 2 or winner.is_floating_point() or best.shape != winner.shape or not best.is_floating_point():
        raise ValueError(
            f'winner and best must be maps (H, W), integer and floating-point, got {winner.dtype} '
            f'{tuple(winner.shape)} and {best.dtype} {tuple(best.shape)}'
        )
    _check_winner(winner, len(labels))
    regions = winner.cpu().numpy().astype(np.int64, copy=False)
    values_at = best.detach().cpu().numpy()
    numbers = np.zeros(regions.shape, dtype=np.int64)
    channels, values = [], []
    for channel, box in enumerate(ndimage.find_objects(regions, max_label=len(labels))):
        if box is None:
            continue
        # the default structure of scipy is the 4-neighbourhood; components come in raster order
        components, count = ndimage.label(regions[box] == channel + 1)
        index = np.arange(1, count + 1)
        highest = ndimage.maximum(values_at[box], components, index)
        area = np.bincount(components.ravel(), minlength=count + 1)[1:]
        part = numbers[box]
        part[components > 0] = components[components > 0] + len(values)
        values.extend(np.where(area < min_area, 0, highest))
        channels.extend([channel] * count)
    device = best.device
    return InstanceMap(
        torch.from_numpy(numbers).to(device),
        labels.to(device).long()[torch.tensor(channels, dtype=torch.int64, device=device)],
        torch.tensor(np.array(values, dtype=values_at.dtype), device=device),
    )


def _check_winner(winner: Tensor, count: int) -> None:
    if winner.numel() and (winner.min() < 0 or winner.max() > count):
        raise ValueError(f'winner must lie in 0..{count}, got {int(winner.min())}..{int(winner.max())}')


def _check_scores(scores: Tensor, labels: Tensor) -> None:
    if scores.dim() != 3 or not scores.is_floating_point():
        raise ValueError(f'scores must be a floating-point tensor (C, H, W), got {scores.dtype} {tuple(scores.shape)}')
    if labels.shape != scores.shape[:1] or labels.is_floating_point():
        raise ValueError(
            f'labels must be one integer per channel, ({len(scores)},), got {labels.dtype} {tuple(labels.shape)}'
        )
