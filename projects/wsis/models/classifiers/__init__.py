"""Classifiers."""

from .cam_classifier import CAMClassifier
from .eps import EPS
from .seam import SEAM

__all__ = ['EPS', 'SEAM', 'CAMClassifier']
