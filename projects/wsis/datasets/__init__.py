"""Datasets of photos with tags, and their transforms."""

from . import transforms
from .voc import VOCTagDataset

__all__ = ['VOCTagDataset', 'transforms']
