"""What a check of a data set can find: the kinds, how bad each is, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

LEVELS = ('error', 'warning', 'note')
EXAMPLES_KEPT = 5


class Kind(NamedTuple):
    """A kind of finding: its level, what it is, and what to do in one sentence."""

    level: str
    title: str
    advice: str


KINDS = {
    'unreadable_list': Kind(
        'error',
        'lists or settings that cannot be read',
        'Correct what each line names. What depends on it was not checked.',
    ),
    'bad_class_list': Kind(
        'error',
        'faults of the class list',
        'Give each class one name of its own, as a list of at most 254 names.',
    ),
    'no_photo': Kind(
        'error',
        'splits without a photo',
        'Check the folder of the photos and the split files.',
    ),
    'missing_photo': Kind(
        'error',
        'missing photos',
        'Restore them or remove them from the lists; training leaves them out.',
    ),
    'unreadable_photo': Kind(
        'error',
        'photos that cannot be read',
        'Save them as JPEG or PNG, or remove them; training leaves them out.',
    ),
    'truncated_photo': Kind(
        'error',
        'photos cut off before their end',
        'Copy them again from their source; training leaves them out.',
    ),
    'wrong_checksum': Kind(
        'error',
        'photos with a wrong checksum',
        'Copy them again from their source; training leaves them out.',
    ),
    'unknown_tag': Kind(
        'error',
        'tags that are not in the class list',
        'Correct the tag, or add it to the class list.',
    ),
    'no_tag': Kind(
        'error',
        'training sets without a tag',
        'Check that the tags name the photos and the classes.',
    ),
    'no_negatives': Kind(
        'error',
        'single class that is in every photo',
        'Add photos that do not show it: without them the class cannot be told apart from its background.',
    ),
    'unreadable_mask': Kind(
        'error',
        'masks that cannot be read',
        'Save them as grey or palette PNG whose values are class numbers.',
    ),
    'mask_of_0_and_255': Kind(
        'error',
        'masks that look like 0/255',
        'Write the number of the class (1 for the first one) instead of 255, which means `not counted`.',
    ),
    'mask_value_of_no_class': Kind(
        'error',
        'masks with values of no class',
        'Masks hold 0 for background, the numbers 1, 2, ... of the class list, and 255 for `not counted`.',
    ),
    'mask_size': Kind(
        'error',
        'masks of another size than their photo',
        'Make each mask as large as its photo after the rotation that EXIF asks for.',
    ),
    'photo_in_train_and_val': Kind(
        'warning',
        'photos in both train and val',
        'Remove them from one of the two: numbers measured on them are too good.',
    ),
    'duplicate_in_train_and_val': Kind(
        'warning',
        'photos of val that are copies of photos of train',
        'Remove the copies from one of the two: numbers measured on them are too good.',
    ),
    'duplicate_photo': Kind(
        'warning',
        'copies of another photo',
        'Keep one of each, with the tags of all.',
    ),
    'tiny_photo': Kind(
        'warning',
        'tiny photos (short side under 32 pixels)',
        'Remove thumbnails and icons: they teach nothing.',
    ),
    'tag_without_photo': Kind(
        'warning',
        'tagged photos that do not exist',
        'Correct the names in the tags, or add the photos.',
    ),
    'near_photo_names': Kind(
        'warning',
        'groups of photos with nearly the same name',
        'Rename them: on systems that ignore case or Unicode forms they are one file.',
    ),
    'near_class_names': Kind(
        'warning',
        'groups of class names that are nearly the same',
        'Use one spelling if they mean the same.',
    ),
    'class_without_photo': Kind(
        'warning',
        'classes without a training photo',
        'Tag photos of them, or remove them from the class list.',
    ),
    'single_photo_class': Kind(
        'warning',
        'classes with one training photo',
        'Add photos: one is not enough to learn a class.',
    ),
    'few_photos': Kind(
        'warning',
        'classes with fewer than 10 training photos',
        'Add photos, or expect poor masks of these classes.',
    ),
    'class_in_every_photo': Kind(
        'warning',
        'classes that are in every training photo',
        'Add photos that do not show them: otherwise they cannot be told apart from the background.',
    ),
    'inseparable_classes': Kind(
        'warning',
        'groups of classes that always come together',
        'Add photos that show one without the other: otherwise they cannot be told apart.',
    ),
    'photo_without_tag': Kind(
        'note',
        'photos without a tag',
        'They count as photos that show none of the classes: tag those that do show one.',
    ),
    'tag_in_no_split': Kind(
        'note',
        'tagged photos in no split',
        'Add them to a split if they should be used.',
    ),
    'doubled_split_line': Kind(
        'note',
        'split lines that appear more than once',
        'Nothing to do: each photo counts once.',
    ),
    'huge_photo': Kind(
        'note',
        'huge photos (over 40 megapixels)',
        'Nothing to do: they are reduced while working.',
    ),
    'turned_photo': Kind(
        'note',
        'photos rotated by EXIF',
        'Nothing to do: they are used upright; their masks must be upright too.',
    ),
    'animated_photo': Kind(
        'note',
        'animated photos',
        'Nothing to do: the first frame is used.',
    ),
    'unusual_colors': Kind(
        'note',
        'photos in CMYK or with more than 8 bits',
        'Nothing to do: they are used as 8-bit RGB.',
    ),
}

# Photos with one of these cannot be used.
BROKEN_PHOTO_KINDS = ('missing_photo', 'unreadable_photo', 'truncated_photo', 'wrong_checksum')


@dataclass
class Finding:
    """Something that a check found.

    Attributes:
        level: 'error', 'warning' or 'note'.
        kind: Short stable key, one of :data:`KINDS`.
        count: How many photos, classes, masks or lines it is true of.
        examples: The first few of them, each a short text.
        advice: What to do, in one sentence.
    """

    level: str
    kind: str
    count: int
    examples: list[str] = field(default_factory=list)
    advice: str = ''


def make_findings(kind: str, examples: Iterable[str], level: str | None = None, advice: str = '') -> list[Finding]:
    """Return the finding of a kind, or none if there is no example.

    Args:
        kind: One of :data:`KINDS`.
        examples: All things that it is true of; the first few are kept and all are counted.
        level: A level other than that of the kind.
        advice: A sentence that fits better than that of the kind.
    """
    examples = list(examples)
    if not examples:
        return []
    return [
        Finding(
            level=level or KINDS[kind].level,
            kind=kind,
            count=len(examples),
            examples=[_make_printable(example) for example in examples[:EXAMPLES_KEPT]],
            advice=advice or KINDS[kind].advice,
        )
    ]


def _make_printable(text: str) -> str:
    """Return the text on one line; bytes of file names that are no UTF-8 become escapes."""
    return ' '.join(text.splitlines()).encode('utf-8', 'backslashreplace').decode()
