"""Models and their parts, registered in mmengine's root registries."""

from . import backbones, classifiers, heads, losses, tta

__all__ = ['backbones', 'classifiers', 'heads', 'losses', 'tta']
