"""The doctor: every photo and mask of a data set looked at once, and what is wrong with the set as a whole."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from .class_findings import find_class_faults
from .file_findings import find_copies, find_photo_faults
from .findings import LEVELS, Finding, make_findings
from .list_findings import find_list_faults
from .mask_check import look_at_mask
from .mask_findings import find_mask_faults
from .parallel import map_files
from .photo_check import look_at_photo
from .photo_listing import PhotoEntry, PhotoListing


@dataclass
class DatasetCheck:
    """What the doctor found.

    Attributes:
        photos: Number of different photos.
        classes: Class name -> number of whole training photos that show it (of all photos, where none is for training).
        findings: What was found, errors first.
    """

    photos: int
    classes: dict[str, int]
    findings: list[Finding]

    def count(self, level: str) -> int:
        """Return how many faults of a level were found, all kinds together."""
        return sum(finding.count for finding in self.findings if finding.level == level)


def check_photos(listing: PhotoListing, processes: int | None = None) -> DatasetCheck:
    """Look at every photo and mask of a listing once, and at its tags, classes and splits.

    Args:
        listing: What the lists of the data set say.
        processes: How many processes look at files at once (default: one per core).

    Returns:
        What was found. Nothing is raised for a fault of the data.
    """
    entries = listing.entries
    looks = map_files(look_at_photo, _different(entry.path for entry in entries), processes, 'photos')
    masks = _different(path for entry in entries for path in (entry.semantic_mask, entry.instance_mask))
    mask_looks = map_files(look_at_mask, masks, processes, 'masks')
    learned = [entry for entry in learned_entries(entries) if entry.path and looks[entry.path].fault is None]
    findings = [
        *listing.findings,
        *make_findings('no_photo', [] if entries or listing.findings else ['no photo in any split']),
        *find_photo_faults(entries, looks),
        *find_copies(entries, looks),
        *find_mask_faults(entries, looks, mask_looks, len(listing.classes)),
        *find_list_faults(listing),
        *(find_class_faults(listing.classes, learned) if listing.tags_read and listing.classes else ()),
    ]
    return DatasetCheck(
        photos=len({entry.path or entry.photo for entry in entries}),
        classes=count_photos(listing.classes, learned),
        findings=sorted(findings, key=lambda finding: LEVELS.index(finding.level)),
    )


def learned_entries(entries: list[PhotoEntry]) -> list[PhotoEntry]:
    """Return the entries of the training split, each photo once; all of them where nothing is trained on."""
    chosen = [entry for entry in entries if entry.split == 'train'] or entries
    return list({entry.path or entry.photo: entry for entry in chosen}.values())


def count_photos(classes: tuple[str, ...], entries: list[PhotoEntry]) -> dict[str, int]:
    """Return the number of entries that show each class."""
    counts = Counter(tag for entry in entries for tag in set(entry.tags))
    return {name: counts[name] for name in classes}


def _different(paths: Iterable[str | None]) -> list[str]:
    return [path for path in dict.fromkeys(paths) if path is not None]
