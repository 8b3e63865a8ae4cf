"""Transforms: loading, geometry, label mining, packing."""

from .affinity_labels import GenerateAffinityLabels
from .color_jitter import RandomColorJitter
from .formatting import PackTagInputs
from .geometry import RandomCropAndPad, RandomRescale, RandomResizeLongSide
from .inter_pixel_labels import GenerateInterPixelLabels
from .loading import (
    LoadCAMs,
    LoadEvaluationMasks,
    LoadInstancesFromMasks,
    LoadInterPixelLabels,
    LoadPhoto,
    LoadSaliency,
    LoadSemanticFromMasks,
    LoadSemanticMasks,
)
from .pil_rescale import PILRescale

__all__ = [
    'GenerateAffinityLabels',
    'GenerateInterPixelLabels',
    'LoadCAMs',
    'LoadEvaluationMasks',
    'LoadInstancesFromMasks',
    'LoadInterPixelLabels',
    'LoadPhoto',
    'LoadSaliency',
    'LoadSemanticFromMasks',
    'LoadSemanticMasks',
    'PILRescale',
    'PackTagInputs',
    'RandomColorJitter',
    'RandomCropAndPad',
    'RandomRescale',
    'RandomResizeLongSide',
]
