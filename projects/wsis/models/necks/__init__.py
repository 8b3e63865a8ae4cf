"""Necks."""

from .irnet_neck import IRNetNeck

__all__ = ['IRNetNeck']
