"""Loops."""

from .pseudo_label_loop import PseudoLabelLoop

__all__ = ['PseudoLabelLoop']
