"""Learning-rate schedules."""

from .polynomial_lr import PolynomialLR

__all__ = ['PolynomialLR']
