"""Classifiers."""

from .cam_classifier import CAMClassifier
from .eps import EPS
from .peak_classifier import PeakClassifier
from .seam import SEAM

__all__ = ['EPS', 'SEAM', 'CAMClassifier', 'PeakClassifier']
