"""The embedded demo set: objects, grounds, composition of photos, and files in VOC layout."""

from .shapes import DEMO_CLASSES

__all__ = ['DEMO_CLASSES']
