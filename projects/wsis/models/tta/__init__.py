"""Test-time augmentation."""

from .cam_tta import CAMTTAModel

__all__ = ['CAMTTAModel']
