"""Faults of lists: the class list, tags, and lines of splits."""

import difflib
import unicodedata
from collections import Counter
from collections.abc import Iterable

from ..datasets.tags.spelling import spelling_key
from ..structures.masks import IGNORE_LABEL
from .findings import EXAMPLES_KEPT, Finding, make_findings
from .photo_listing import PhotoListing

MOST_CLASSES = IGNORE_LABEL - 1  # masks are 8-bit: 0 is background and 255 is not counted


def find_list_faults(listing: PhotoListing) -> list[Finding]:
    """Return what is wrong with the class list, the tags and the split lines of a listing."""
    photos = {entry.photo for entry in listing.entries}
    untagged = dict.fromkeys(entry.photo for entry in listing.entries if not entry.tags)
    unknown = _list_unknown_tags(listing)
    return [
        *make_findings('bad_class_list', _list_class_faults(listing.classes)),
        *make_findings(
            'unknown_tag',
            unknown.values(),
            'note' if listing.ignore_unknown_tags else None,
            'Nothing to do: unknown tags are left out, as was asked for.' if listing.ignore_unknown_tags else '',
        ),
        *make_findings('photo_without_tag', untagged if len(untagged) < len(photos) else ()),
        *make_findings('tag_without_photo', listing.tags_without_photo),
        *make_findings('tag_in_no_split', listing.tags_in_no_split),
        *make_findings('doubled_split_line', listing.doubled_lines),
        *make_findings('near_photo_names', group_near_names(photos)),
        *make_findings('near_class_names', group_near_names({*listing.classes, *unknown}, letters_only=True)),
    ]


def group_near_names(names: Iterable[str], letters_only: bool = False) -> list[str]:
    """Return names that differ by case, blanks or Unicode form only, each group as one text ``'a' / 'b'``.

    Args:
        names: The names.
        letters_only: Whether accents, punctuation and a plural's s are left out of the comparison too.
    """
    groups: dict[str, list[str]] = {}
    for name in sorted(names):
        groups.setdefault(_simplify(name, letters_only), []).append(name)
    return [' / '.join(map(repr, group)) for key, group in groups.items() if key and len(group) > 1]


def _simplify(name: str, letters_only: bool) -> str:
    text = ''.join(unicodedata.normalize('NFKD', name).casefold().split())
    if not letters_only:
        return text
    letters = ''.join(letter for letter in text if letter.isalnum())
    return letters[:-1] if len(letters) > 3 and letters.endswith('s') else letters


def _list_unknown_tags(listing: PhotoListing) -> dict[str, str]:
    """Return each tag of no class with a text: the photo that bears it first, and the class it may mean."""
    unknown: dict[str, str] = {}
    known = set(listing.classes)
    for entry in listing.entries if listing.classes else ():
        for tag in entry.tags:
            if tag not in known and tag not in unknown:
                # a look at every name takes long, and only the first few are shown
                close = difflib.get_close_matches(tag, listing.classes, 1) if len(unknown) < EXAMPLES_KEPT else ()
                meant = f'; {close[0]!r}?' if close else ''
                unknown[tag] = f'{tag!r} (first: {entry.photo}{meant})'
    return unknown


def _list_class_faults(classes: tuple[str, ...]) -> list[str]:
    counts = Counter(classes)
    faults = [f'{name!r} appears {count} times' for name, count in counts.items() if count > 1]
    spellings: dict[str, str] = {}
    for name in counts:
        if (known := spellings.setdefault(spelling_key(name), name)) != name:
            faults.append(f'{known!r} and {name!r} differ only by case or blanks')
    if 'background' in spellings:
        faults.append('the background is not a class: leave it out')
    if any(not name.strip() for name in classes):
        faults.append('a name is empty')
    faults += [f'{name!r} starts or ends with a blank' for name in classes if name.strip() and name != name.strip()]
    if len(classes) > MOST_CLASSES:
        faults.append(f'{len(classes)} classes are too many')
    return faults
