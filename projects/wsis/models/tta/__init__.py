"""Test-time augmentation."""

from .cam_tta import CAMTTAModel
from .semantic_tta import SemanticTTAModel

__all__ = ['CAMTTAModel', 'SemanticTTAModel']
