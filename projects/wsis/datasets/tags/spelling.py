"""Tags that differ only by case or blanks are one tag."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence


def spelling_key(name: str) -> str:
    """Return what is equal for names that differ by case, blanks or the form of accents only."""
    return ' '.join(unicodedata.normalize('NFC', name).casefold().split())


def join_spellings(names: Iterable[str], classes: Sequence[str] | None = None) -> dict[str, str]:
    """Choose one spelling for all names that differ only by case or blanks.

    Args:
        names: All uses of all names.
        classes: Spellings that are right; else the most frequent is, of equally common ones the first.

    Returns:
        The right spelling of each name.
    """
    uses = Counter(names)
    right = {spelling_key(name): name for name in classes or ()}
    for name, _ in uses.most_common():
        right.setdefault(spelling_key(name), unicodedata.normalize('NFC', ' '.join(name.split())))
    exact = set(classes or ())
    return {name: name if name in exact else right[spelling_key(name)] for name in uses}
