"""Faults of masks: unreadable, of another size than the photo, and values of no class."""

from collections.abc import Mapping, Sequence

from ..structures.masks import IGNORE_LABEL
from .findings import Finding, make_findings
from .mask_check import MaskLook
from .photo_check import PhotoLook
from .photo_listing import PhotoEntry

FEW_OF_0_AND_255 = 'Nothing to do if all their objects are of other classes or too hard to count.'


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
        if photo and photo.width and (text := _describe_coco_misfit(entry, photo)):
            sizes[entry.photo] = text
    return [
        *make_findings('unreadable_mask', unreadable.values()),
        *make_findings('mask_size', sizes.values()),
        *_find_strange_values(entries, mask_looks, num_classes),
    ]


def _describe_coco_misfit(entry: PhotoEntry, photo: PhotoLook) -> str | None:
    """Return what is wrong with the sizes of a photo's masks in a COCO json, or None."""
    size = f'its photo {photo.width}x{photo.height}'
    for width, height in entry.mask_sizes:
        if (width, height) != (photo.width, photo.height):
            return f'masks of {entry.photo} ({width}x{height}, {size})'
    right, down = entry.polygon_extent
    # polygons name corners of pixels or their middles, and tools round them up
    if right > photo.width + 1 or down > photo.height + 1:
        return f'polygons of {entry.photo} (they reach to {right:g}, {down:g}; {size})'
    return None


def _find_strange_values(
    entries: Sequence[PhotoEntry], mask_looks: Mapping[str, MaskLook], num_classes: int
) -> list[Finding]:
    """Return class maps with values of no class, and those that hold 0 and 255 alone."""
    known = {*range(num_classes + 1), IGNORE_LABEL}
    black_and_white, strange = [], []
    readable = [
        path
        for path in dict.fromkeys(entry.semantic_mask for entry in entries if entry.semantic_mask)
        if mask_looks[path].reason is None
    ]
    for path in readable:
        values = mask_looks[path].values
        if unknown := [value for value in values if value not in known]:
            text = ', '.join(map(str, unknown[:5])) + (', ...' if len(unknown) > 5 else '')
            strange.append(f'{path} ({text})')
        elif IGNORE_LABEL in values and set(values) <= {0, IGNORE_LABEL}:
            black_and_white.append(path)
    few = 2 * len(black_and_white) <= len(readable)
    level, advice = ('note', FEW_OF_0_AND_255) if few else (None, '')
    return [
        *make_findings('mask_of_0_and_255', black_and_white, level, advice),
        *make_findings('mask_value_of_no_class', strange),
    ]
