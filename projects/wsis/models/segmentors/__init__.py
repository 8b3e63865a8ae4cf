"""Models that give masks."""

from .irnet import IRNet

__all__ = ['IRNet']
