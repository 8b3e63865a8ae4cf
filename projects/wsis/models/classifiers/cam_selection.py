"""Which CAMs of a photo are kept, at which size and scale."""

import torch
import torch.nn.functional as F

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


def choose_classes(
    scores: torch.Tensor, tags: list[int] | None, mode: str, score_threshold: float = 0.5
) -> torch.Tensor:
    """Return the classes (K,) of a photo whose maps are kept, int64.

    Args:
        scores: (C,) class scores in [0, 1].
        tags: 0-based class ids of the photo; used in mode ``pseudo_label`` only.
        mode: ``'pseudo_label'`` keeps the tagged classes, ``'predict'`` those over the score threshold.
        score_threshold: Of mode ``predict``.

    Raises:
        ValueError: If the tags are needed and not known.
    """
    if mode == 'predict':
        return (scores > score_threshold).nonzero()[:, 0]
    if tags is None:
        raise ValueError("Mode 'pseudo_label' needs the tags of each photo; use mode='predict' for photos without")
    return torch.tensor(tags, dtype=torch.long, device=scores.device)


def normalize_cams(maps: torch.Tensor, normalization: str = 'max') -> torch.Tensor:
    """Bring each of the rectified class maps (K, h, w) to [0, 1].

    Args:
        maps: Class maps.
        normalization: ``'max'`` divides by the maximum; ``'min_max'`` also takes the minimum off, for maps that are
            nowhere zero because they were averaged over pixels (SEAM's).
    """
    if not len(maps):
        return maps
    lowest = maps.amin((1, 2), keepdim=True) if normalization == 'min_max' else 0
    return (maps - lowest) / (maps.amax((1, 2), keepdim=True) - lowest + 1e-5)
