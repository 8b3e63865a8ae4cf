"""Models and their parts, registered in mmengine's root registries."""

from . import backbones, classifiers, detectors, heads, losses, necks, segmentors, tta

__all__ = ['backbones', 'classifiers', 'detectors', 'heads', 'losses', 'necks', 'segmentors', 'tta']
