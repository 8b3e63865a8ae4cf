"""Data structures: the pseudo-label store, atomic files, and photos and texts given by users."""

from .files import (
    hash_content,
    hash_file,
    link_file,
    read_json,
    report_damaged,
    report_unwritable,
    write_atomically,
    write_json,
    write_png,
)
from .photo_file import PHOTO_ENDINGS, PhotoError, PhotoFacts, check_photo, decode_photo, probe_photo
from .pseudo_label_store import MANIFEST_NAME, PseudoLabelStore, find_damaged_files, find_manifests
from .text_file import printable, read_given_json, read_text

__all__ = [
    'MANIFEST_NAME',
    'PHOTO_ENDINGS',
    'PhotoError',
    'PhotoFacts',
    'PseudoLabelStore',
    'check_photo',
    'decode_photo',
    'find_damaged_files',
    'find_manifests',
    'hash_content',
    'hash_file',
    'link_file',
    'probe_photo',
    'read_given_json',
    'printable',
    'read_json',
    'read_text',
    'report_damaged',
    'report_unwritable',
    'write_atomically',
    'write_json',
    'write_png',
]
