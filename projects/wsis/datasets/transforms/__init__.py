"""Transforms: loading, geometry, label mining, packing."""

from .dense_crf import refine_labels_with_crf
from .formatting import PackTagInputs
from .geometry import RandomCropAndPad, RandomRescale, RandomResizeLongSide
from .inter_pixel_labels import GenerateInterPixelLabels
from .loading import LoadCAMs, LoadEvaluationMasks, LoadInstancesFromMasks, LoadInterPixelLabels, LoadPhoto
from .pil_rescale import PILRescale

__all__ = [
    'GenerateInterPixelLabels',
    'LoadCAMs',
    'LoadEvaluationMasks',
    'LoadInstancesFromMasks',
    'LoadInterPixelLabels',
    'LoadPhoto',
    'PILRescale',
    'PackTagInputs',
    'RandomCropAndPad',
    'RandomRescale',
    'RandomResizeLongSide',
    'refine_labels_with_crf',
]
