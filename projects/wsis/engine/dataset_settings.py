"""Reading the settings of a data set, before it is built."""

from collections.abc import Mapping
from typing import Any


def innermost_dataset(settings: Any) -> Any:
    """Return the settings of the data set inside wrappers that repeat or balance it."""
    while isinstance(settings, Mapping) and 'dataset' in settings:
        settings = settings['dataset']
    return settings


def find_named_classes(settings: Any) -> list[str] | None:
    """Return the class list that the settings of a data set name; None where they name none.

    Args:
        settings: Of the data set, maybe inside wrappers.
    """
    settings = innermost_dataset(settings)
    classes = (settings.get('metainfo') or {}).get('classes') if isinstance(settings, Mapping) else None
    return list(classes) if isinstance(classes, (list, tuple)) else None
