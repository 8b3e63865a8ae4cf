"""The result of reading tags, and the intermediate result of each form of a tags file."""

from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True)
class Tags:
    """Tags of photos.

    Attributes:
        by_photo: Distinct tags of each photo that the source names, in the order found; an empty list for a photo that
            is named without a tag. Photos that the source does not name are not in it.
        classes: All tags in the order found, also those of no photo.
        unmatched: Names of the source that are no photo (or fit several), as they are written.
        warnings: What was joined or left out, counted, one line each.
    """

    by_photo: dict[str, list[str]]
    classes: tuple[str, ...]
    unmatched: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class TagRow(NamedTuple):
    """A photo, as the source names it, and tags of it."""

    photo: str
    names: list[str]


@dataclass
class FoundTags:
    """What a form of a tags file holds, before photos are matched and spellings joined.

    Attributes:
        rows: Photos and tags; a photo may come several times.
        classes: Class names that the form lists by itself (columns, categories, folders), in their order.
        warnings: What is odd about it, counted, one line each.
    """

    rows: list[TagRow] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
