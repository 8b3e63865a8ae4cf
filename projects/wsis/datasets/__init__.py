"""Datasets of photos with tags, and their transforms."""

from . import transforms
from .coco import CocoTagDataset
from .data_sources import DataSource
from .photos import PhotoTagDataset
from .tag_dataset import TagDataset, find_tag_dataset
from .tags import Tags, read_tags
from .voc import VOCTagDataset

__all__ = [
    'CocoTagDataset',
    'DataSource',
    'PhotoTagDataset',
    'TagDataset',
    'Tags',
    'VOCTagDataset',
    'find_tag_dataset',
    'read_tags',
    'transforms',
]
