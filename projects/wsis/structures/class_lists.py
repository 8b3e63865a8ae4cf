"""Comparing class lists, whose order defines the class ids."""

from collections.abc import Sequence


def describe_difference(made_for: Sequence[str], needed: Sequence[str]) -> str | None:
    """Say in a few words where two class lists differ first; None where they are the same.

    Args:
        made_for: Class names of a checkpoint, store or file.
        needed: Class names of the data set.
    """
    made_for, needed = list(made_for), list(needed)
    if made_for == needed:
        return None
    pairs = enumerate(zip(made_for, needed))
    first = next((index for index, (one, other) in pairs if one != other), min(len(made_for), len(needed)))
    counts = f'{len(made_for)} classes, the data set has {len(needed)}; the first that differs, class {first}, is '
    return f'{counts}{_name(made_for, first)} there and {_name(needed, first)} here'


def _name(names: list[str], index: int) -> str:
    return repr(names[index]) if index < len(names) else 'none'
