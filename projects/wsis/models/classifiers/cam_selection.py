"""Which CAMs of a photo are kept, at which size and scale."""

import torch
import torch.nn.functional as F
from mmengine.structures import InstanceData

MODES = ('pseudo_label', 'predict')
NORMALIZATIONS = ('max', 'min_max')


def check_mode(mode: str) -> str:
    """Return the mode.

    Raises:
        ValueError: If it is neither ``pseudo_label`` nor ``predict``.
    """
    if mode not in MODES:
        raise ValueError(f"mode is 'pseudo_label' (the tags of the photo may be used) or 'predict', not {mode!r}")
    return mode


def check_normalization(normalization: str) -> str:
    """Return the normalisation.

    Raises:
        ValueError: If it is neither ``max`` nor ``min_max``.
    """
    if normalization not in NORMALIZATIONS:
        raise ValueError(f"normalization is 'max' or 'min_max', not {normalization!r}")
    return normalization


def resize_maps(maps: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Resize maps (C, h, w) bilinearly."""
    return F.interpolate(maps[None], size, mode='bilinear', align_corners=False)[0]


def select_cams(
    maps: torch.Tensor,
    scores: torch.Tensor,
    tags: list[int] | None,
    mode: str,
    score_threshold: float = 0.5,
    normalization: str = 'max',
) -> InstanceData:
    """Keep the maps of the photo's classes and normalise each.

    Args:
        maps: (C, h, w) rectified class maps.
        scores: (C,) class scores in [0, 1].
        tags: 0-based class ids of the photo; used in mode ``pseudo_label`` only.
        mode: ``'pseudo_label'`` keeps the tagged classes, ``'predict'`` those over the score threshold.
        score_threshold: Of mode ``predict``.
        normalization: ``'max'`` divides by the maximum; ``'min_max'`` also takes the minimum off, for maps that are
            nowhere zero because they were averaged over pixels (SEAM's).

    Returns:
        ``cams`` (K, h, w) in [0, 1] and ``labels`` (K,).

    Raises:
        ValueError: If the tags are needed and not known.
    """
    if mode == 'pseudo_label':
        if tags is None:
            raise ValueError("Mode 'pseudo_label' needs the tags of each photo; use mode='predict' for photos without")
        labels = torch.tensor(tags, dtype=torch.long, device=maps.device)
    else:
        labels = (scores > score_threshold).nonzero()[:, 0]
    cams = maps[labels]
    if len(labels):
        lowest = cams.amin((1, 2), keepdim=True) if normalization == 'min_max' else 0
        cams = (cams - lowest) / (cams.amax((1, 2), keepdim=True) - lowest + 1e-5)
    return InstanceData(cams=cams, labels=labels)
