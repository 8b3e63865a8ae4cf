"""Reading tags of photos in many forms."""

from .names import PhotoNames
from .reading import read_tags
from .tags import Tags

__all__ = ['PhotoNames', 'Tags', 'read_tags']
