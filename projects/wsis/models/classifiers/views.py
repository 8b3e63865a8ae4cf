"""What classifiers with two views of each photo share: making the second view, and telling which photo went wrong."""

import torch
from mmdet.structures import DetDataSample
from torch import Tensor

from ...ops.class_maps import resize_aligned


def check_second_view(second_view: dict) -> dict:
    """Return how the second view is made.

    Args:
        second_view: Either way; a config that inherits one takes it back with None.

    Raises:
        ValueError: If it is neither ``dict(scale_factor=)`` nor ``dict(size=)``.
    """
    given = {name: value for name, value in second_view.items() if value is not None}
    if len(given) != 1 or not set(given) <= {'scale_factor', 'size'}:
        raise ValueError(f'second_view is dict(scale_factor=.3) or dict(size=(128, 128)), not {dict(second_view)}')
    return given


def make_second_view(photos: Tensor, scale_factor: float | None = None, size: tuple[int, int] | None = None) -> Tensor:
    """Return photos (N, 3, H, W) resized on their device (bilinear, corners aligned) to (N, 3, h, w).

    Args:
        photos: Normalised photos.
        scale_factor: Factor of both sides (SEAM: .3), rounded down.
        size: (h, w) instead (PPC: 128, 128).
    """
    if size is None:
        size = [max(1, int(length * scale_factor)) for length in photos.shape[-2:]]
    return resize_aligned(photos, tuple(size))


def check_finite(maps: Tensor, data_samples: list[DetDataSample]) -> None:
    """Check that class maps (N, ...) hold numbers only.

    Raises:
        ValueError: If they do not; the message names the photos.
    """
    finite = torch.isfinite(maps).flatten(1).all(1)
    if not finite.all():
        photos = [str(sample.get('img_id', '?')) for sample, good in zip(data_samples, finite.tolist()) if not good]
        raise ValueError(
            f'The class maps of {len(photos)} photos of the batch are not finite (photos: {", ".join(photos[:3])}): '
            'the training has diverged, or a photo or a weight is damaged; lower the learning rate or look at them'
        )
