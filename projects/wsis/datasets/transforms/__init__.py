"""Transforms: loading, geometry, label mining, packing."""

from .affinity_labels import GenerateAffinityLabels
from .cam_masks import GenerateCAMMasks
from .color_jitter import RandomColorJitter, RandomHSVShift
from .formatting import PackTagInputs
from .geometry import RandomCropAndPad, RandomRescale, RandomResizeLongSide, ResizeToMultiplePlusOne
from .instance_pseudo_labels import GenerateInstancePseudoLabels, LoadPoints
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
from .resize_within import ResizeWithin

__all__ = [
    'GenerateAffinityLabels',
    'GenerateCAMMasks',
    'GenerateInstancePseudoLabels',
    'GenerateInterPixelLabels',
    'LoadCAMs',
    'LoadEvaluationMasks',
    'LoadInstancesFromMasks',
    'LoadInterPixelLabels',
    'LoadPhoto',
    'LoadPoints',
    'LoadSaliency',
    'LoadSemanticFromMasks',
    'LoadSemanticMasks',
    'PILRescale',
    'PackTagInputs',
    'RandomColorJitter',
    'RandomCropAndPad',
    'RandomHSVShift',
    'RandomRescale',
    'RandomResizeLongSide',
    'ResizeToMultiplePlusOne',
    'ResizeWithin',
]
