"""Detectors."""

from .bestie import BESTIE

__all__ = ['BESTIE']
