"""Classes that cannot be learnt from the tags: too few photos, no negatives, always together."""

from collections import defaultdict
from collections.abc import Sequence

from .findings import Finding, make_findings
from .photo_listing import PhotoEntry

FEW_PHOTOS = 10


def find_class_faults(classes: Sequence[str], entries: Sequence[PhotoEntry]) -> list[Finding]:
    """Return the problems that prevent learning the classes.

    Args:
        classes: The class list.
        entries: The photos that are trained on, each one once.
    """
    if not entries:
        return []
    photos: dict[str, set[int]] = {name: set() for name in classes}
    for index, entry in enumerate(entries):
        for tag in entry.tags:
            if tag in photos:
                photos[tag].add(index)
    shown = {name: where for name, where in photos.items() if where}
    if not shown:
        return make_findings('no_tag', [f'none of {len(entries)} photos shows one of {len(photos)} classes'])
    everywhere = [name for name, where in shown.items() if len(where) == len(entries)]
    alone = everywhere if len(shown) == 1 else []
    few = {name: len(where) for name, where in shown.items() if 1 < len(where) < FEW_PHOTOS}
    return [
        *make_findings('no_negatives', alone),
        *make_findings('class_without_photo', [name for name, where in photos.items() if not where]),
        *make_findings('single_photo_class', [name for name, where in shown.items() if len(where) == 1]),
        *make_findings('few_photos', [f'{name} ({count})' for name, count in few.items()]),
        *make_findings('class_in_every_photo', [] if alone else everywhere),
        *make_findings('inseparable_classes', _pair_inseparable(shown)),
    ]


def _pair_inseparable(photos: dict[str, set[int]]) -> list[str]:
    """Return the classes that are on the same photos, as ``a + b``; with one photo each that says nothing."""
    together = defaultdict(list)
    for name, where in photos.items():
        if len(where) > 1:
            together[frozenset(where)].append(name)
    return [' + '.join(names) for names in together.values() if len(names) > 1]
