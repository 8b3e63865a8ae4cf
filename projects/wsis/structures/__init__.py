"""Data structures: the pseudo-label store and atomic files."""

from .files import hash_content, hash_file, read_json, write_atomically, write_json, write_png
from .pseudo_label_store import MANIFEST_NAME, PseudoLabelStore, find_manifests

__all__ = [
    'MANIFEST_NAME',
    'PseudoLabelStore',
    'find_manifests',
    'hash_content',
    'hash_file',
    'read_json',
    'write_atomically',
    'write_json',
    'write_png',
]
