"""What the lists of a data set say, as plain data: photos, tags, splits and masks, with nothing opened yet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .findings import EXAMPLES_KEPT, Finding


@dataclass(frozen=True)
class PhotoEntry:
    """One photo as a split names it.

    Attributes:
        photo: Its name, as the user knows it.
        path: Its file, or None if there is none of that name.
        tags: Names of the classes it shows, known or not; without any it is a negative.
        split: 'train', 'val' or 'test'.
        semantic_mask: File of its class map, if it has one.
        instance_mask: File of its instance map, if it has one.
        file_name: Path below the folder of the photos.
        mask_sizes: Width and height of its RLE masks in a COCO json, each size once.
        polygon_extent: How far right and down its polygons in a COCO json reach, in pixels.
    """

    photo: str
    path: str | None
    tags: tuple[str, ...] = ()
    split: str = 'train'
    semantic_mask: str | None = None
    instance_mask: str | None = None
    file_name: str = ''
    mask_sizes: tuple[tuple[int, int], ...] = ()
    polygon_extent: tuple[float, float] = (0.0, 0.0)


@dataclass
class PhotoListing:
    """All that the lists of a data set say.

    Attributes:
        classes: The class list.
        entries: One entry per photo and split, in the order of the lists.
        tags_without_photo: Names that have tags, but no photo.
        tags_in_no_split: Photos (paths below their folder) that have tags, but are in no split.
        doubled_lines: Split lines that stand more than once.
        ignore_unknown_tags: Whether tags that are not in the class list are left out on purpose.
        tags_read: Whether the tags of training photos could be read; if not, nothing is said of classes.
        findings: What was found while the lists were read.
    """

    classes: tuple[str, ...]
    entries: list[PhotoEntry]
    tags_without_photo: list[str] = field(default_factory=list)
    tags_in_no_split: list[str] = field(default_factory=list)
    doubled_lines: list[str] = field(default_factory=list)
    ignore_unknown_tags: bool = False
    tags_read: bool = True
    findings: list[Finding] = field(default_factory=list)


def join_listings(listings: Sequence[PhotoListing]) -> PhotoListing:
    """Return the listings of several splits as one; what two of them say alike is in it once.

    Args:
        listings: One or more.
    """
    in_a_split = {entry.file_name or entry.photo for listing in listings for entry in listing.entries}
    without_photo = (name for listing in listings for name in listing.tags_without_photo)
    in_no_split = (name for listing in listings for name in listing.tags_in_no_split)
    return PhotoListing(
        classes=next((listing.classes for listing in listings if listing.classes), ()),
        entries=_once(entry for listing in listings for entry in listing.entries),
        tags_without_photo=_once(name for name in without_photo if name not in in_a_split),
        tags_in_no_split=_once(name for name in in_no_split if name not in in_a_split),
        doubled_lines=_once(line for listing in listings for line in listing.doubled_lines),
        ignore_unknown_tags=all(listing.ignore_unknown_tags for listing in listings),
        tags_read=all(listing.tags_read for listing in listings),
        findings=_join_findings(finding for listing in listings for finding in listing.findings),
    )


def _join_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Join findings of one kind; the same example of two listings counts once."""
    joined: dict[str, Finding] = {}
    for finding in findings:
        known = joined.setdefault(finding.kind, finding)
        if known is not finding and known.examples != finding.examples:
            new = [example for example in finding.examples if example not in known.examples]
            known.count += finding.count - (len(finding.examples) - len(new))
            known.examples = (known.examples + new)[:EXAMPLES_KEPT]
    return list(joined.values())


def _once(things: Iterable) -> list:
    return list(dict.fromkeys(things))
