"""Labels for other programs, and corrected ones back: what label tools and other detectors read."""

from .corrected import read_corrected
from .export import EXPORTS, export_labels

__all__ = ['EXPORTS', 'export_labels', 'read_corrected']
