"""Models that give masks."""

from .irnet import IRNet
from .precomputed_labels import PrecomputedLabels

__all__ = ['IRNet', 'PrecomputedLabels']
