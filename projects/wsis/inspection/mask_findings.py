"""Faults of masks: unreadable, of another size than the photo, and values of no class."""

from collections.abc import Mapping, Sequence

from ..structures.masks import IGNORE_LABEL
from .findings import Finding, make_findings
from .mask_check import MaskLook
from .photo_check import PhotoLook
from .photo_listing import PhotoEntry


def find_mask_faults(
    entries: Sequence[PhotoEntry],
    looks: Mapping[str, PhotoLook],
    mask_looks: Mapping[str, MaskLook],
    num_classes: int,
) -> list[Finding]:
    """Return what is wrong with the masks of photos.

    Args:
        entries: The photos.
        looks: What the look at each photo gave, by path.
        mask_looks: What the look at each mask gave, by path.
        num_classes: Number of classes without background.
    """
    unreadable: dict[str, str] = {}
    sizes: dict[str, str] = {}
    for entry in entries:
        photo = looks.get(entry.path or '')
        for path in (entry.semantic_mask, entry.instance_mask):
            if path is None:
                continue
            mask = mask_looks[path]
            if mask.reason is not None:
                unreadable[path] = mask.reason if path in mask.reason else f'{path} ({mask.reason})'
            elif photo and photo.width and (photo.width, photo.height) != (mask.width, mask.height):
                sizes[path] = f'{path} ({mask.width}x{mask.height}, its photo {photo.width}x{photo.height})'
    return [
        *make_findings('unreadable_mask', unreadable.values()),
        *make_findings('mask_size', sizes.values()),
        *_find_strange_values(entries, mask_looks, num_classes),
    ]


def _find_strange_values(
    entries: Sequence[PhotoEntry], mask_looks: Mapping[str, MaskLook], num_classes: int
) -> list[Finding]:
    """Return class maps with values of no class, and those that only hold 0 and 255 though objects are tagged."""
    known = {*range(num_classes + 1), IGNORE_LABEL}
    black_and_white, strange, readable = [], [], set()
    for path, tags in {entry.semantic_mask: entry.tags for entry in entries if entry.semantic_mask}.items():
        values = mask_looks[path].values
        if mask_looks[path].reason is not None:
            continue
        readable.add(path)
        if unknown := [value for value in values if value not in known]:
            text = ', '.join(map(str, unknown[:5])) + (', ...' if len(unknown) > 5 else '')
            strange.append(f'{path} ({text})')
        elif tags and IGNORE_LABEL in values and set(values) <= {0, IGNORE_LABEL}:
            black_and_white.append(path)
    # a few such masks are right: those whose only objects are marked as too hard to count
    level = 'error' if 2 * len(black_and_white) > len(readable) else 'note'
    return [
        *make_findings('mask_of_0_and_255', black_and_white, level),
        *make_findings('mask_value_of_no_class', strange),
    ]
