"""Class lists, whose order defines the class ids: comparing them, and the background, which mmseg counts among them."""

from collections.abc import Sequence
from typing import Any

from .index_png import voc_palette

BACKGROUND = 'background'


def without_background(classes: Sequence[str]) -> tuple[str, ...]:
    """Return a class list without the background that mmseg's data sets count as the first class; ours do not."""
    return tuple(classes[1:] if classes and classes[0].lower() == BACKGROUND else classes)


def describe_with_background(
    classes: Sequence[str], palette: Sequence[tuple[int, int, int]] | None = None
) -> dict[str, Any]:
    """Return the ``dataset_meta`` of a segmentor as mmseg reads it: names and colours of its maps' values.

    Args:
        classes: Class names without background.
        palette: Their colours (RGB); by default VOC's.
    """
    colors = voc_palette(len(classes)) if palette is None else palette
    return dict(
        classes=(BACKGROUND, *classes), palette=[(0, 0, 0), *(tuple(color) for color in colors[: len(classes)])]
    )


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
