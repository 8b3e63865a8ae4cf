"""Which photos of a run are shown with all their layers, and in which order."""

from collections.abc import Sequence

from ..photo_choice import choose_photos
from .measures import MEASURES, Measure, PhotoMeasures


def known_measures(photos: Sequence[PhotoMeasures]) -> list[Measure]:
    """Return the measures that at least one photo has; the one that tells most comes first."""
    return [measure for measure in MEASURES if any(getattr(photo, measure.key) is not None for photo in photos)]


def sort_worst_first(photos: Sequence[PhotoMeasures]) -> list[PhotoMeasures]:
    """Sort photos by the first of the known measures, lowest first; those without it come last."""
    measures = known_measures(photos)
    if not measures:
        return list(photos)
    key = measures[0].key

    def rank(photo: PhotoMeasures) -> tuple[bool, float]:
        value = getattr(photo, key)
        return value is None, 0.0 if value is None else value

    return sorted(photos, key=rank)


def choose_half_worst(photos: Sequence[PhotoMeasures], count: int) -> set[str]:
    """Choose photos: half of them those that look worst, the others evenly spaced.

    Args:
        photos: All of them, in the order of the data set.
        count: How many.

    Returns:
        Their ids.
    """
    worst = dict.fromkeys((photo.photo for photo in sort_worst_first(photos)), '')
    positions = {photo.photo: index for index, photo in enumerate(photos)}
    chosen, _ = choose_photos(count, len(photos), {positions[name]: '' for name in worst})
    return {photos[index].photo for index in chosen}
