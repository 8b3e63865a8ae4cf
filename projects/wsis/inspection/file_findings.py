"""Faults of photo files: broken, turned, huge, tiny, and copies of each other."""

from collections.abc import Mapping, Sequence

from .findings import BROKEN_PHOTO_KINDS, Finding, make_findings
from .photo_check import PhotoLook
from .photo_listing import PhotoEntry

HUGE_PIXELS = 40_000_000
TINY_SIDE = 32


def find_photo_faults(entries: Sequence[PhotoEntry], looks: Mapping[str, PhotoLook]) -> list[Finding]:
    """Return what is wrong with single photos.

    Args:
        entries: The photos.
        looks: What the look at each file gave, by path.
    """
    broken: dict[str, dict[str, None]] = {kind: {} for kind in BROKEN_PHOTO_KINDS}  # each text once, in order
    whole: dict[str, str] = {}  # path -> name and size
    for entry in entries:
        look = looks[entry.path] if entry.path is not None else PhotoLook(fault='missing_photo')
        if look.fault is None:
            whole[entry.path] = f'{entry.photo} ({look.width}x{look.height})'
        else:
            reason = look.reason.replace(entry.path or entry.photo, 'it')
            broken[look.fault][f'{entry.photo} ({reason})' if reason else entry.photo] = None
    findings = [finding for kind, photos in broken.items() for finding in make_findings(kind, photos)]
    tests = dict(
        tiny_photo=lambda look: min(look.width, look.height) < TINY_SIDE,
        huge_photo=lambda look: look.width * look.height > HUGE_PIXELS,
        turned_photo=lambda look: look.turned,
        animated_photo=lambda look: look.animated,
        unusual_colors=lambda look: look.unusual_colors,
    )
    for kind, is_true in tests.items():
        findings += make_findings(kind, [text for path, text in whole.items() if is_true(looks[path])])
    return findings


def find_copies(entries: Sequence[PhotoEntry], looks: Mapping[str, PhotoLook]) -> list[Finding]:
    """Return photos that are in train and val, and files of the same content under several names.

    Args:
        entries: The photos.
        looks: What the look at each file gave, by path.
    """
    splits: dict[str, set[str]] = {}
    for entry in entries:
        splits.setdefault(entry.path or entry.photo, set()).add(entry.split)
    names = {entry.path or entry.photo: entry.photo for entry in entries}
    shared = [names[path] for path, where in splits.items() if {'train', 'val'} <= where]
    by_content: dict[str, list[str]] = {}
    for path in sorted(splits, key=lambda path: 'train' not in splits[path]):  # those that are trained on come first
        if path in looks and looks[path].content_hash:
            by_content.setdefault(looks[path].content_hash, []).append(path)
    same, across = [], []
    for paths in by_content.values():
        trained_on = [path for path in paths if 'train' in splits[path]]
        for path in paths[1:]:
            if trained_on and splits[path] == {'val'}:
                across.append(f'{names[path]} = {names[trained_on[0]]}')
            else:
                same.append(f'{names[path]} = {names[paths[0]]}')
    return [
        *make_findings('photo_in_train_and_val', shared),
        *make_findings('duplicate_in_train_and_val', across),
        *make_findings('duplicate_photo', same),
    ]
