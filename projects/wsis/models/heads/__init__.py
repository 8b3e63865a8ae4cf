"""Heads."""

from .cam_head import CAMHead
from .irnet_head import IRNetHead

__all__ = ['CAMHead', 'IRNetHead']
