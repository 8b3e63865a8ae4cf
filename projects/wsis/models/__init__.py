"""Models and their parts, registered in mmengine's root registries."""

from . import backbones, classifiers, detectors, heads, initializers, losses, necks, segmentors, tta

__all__ = ['backbones', 'classifiers', 'detectors', 'heads', 'initializers', 'losses', 'necks', 'segmentors', 'tta']
