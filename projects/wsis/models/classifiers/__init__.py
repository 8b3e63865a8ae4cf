"""Classifiers."""

from .cam_classifier import CAMClassifier
from .eps import EPS
from .eps_seam import EPSSEAM
from .peak_classifier import PeakClassifier
from .seam import SEAM

__all__ = ['EPS', 'EPSSEAM', 'SEAM', 'CAMClassifier', 'PeakClassifier']
