"""Tags of photos, in whatever form people have them."""

from .names import PhotoNames
from .reading import read_tags
from .tags import Tags

__all__ = ['PhotoNames', 'Tags', 'read_tags']
