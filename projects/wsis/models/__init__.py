"""Models and their parts, registered in mmengine's root registries."""

from . import backbones, classifiers, heads, losses, necks, segmentors, tta

__all__ = ['backbones', 'classifiers', 'heads', 'losses', 'necks', 'segmentors', 'tta']
