"""Models that predict masks."""

from .affinitynet import AffinityNet
from .irnet import IRNet
from .precomputed_labels import PrecomputedLabels

__all__ = ['AffinityNet', 'IRNet', 'PrecomputedLabels']
