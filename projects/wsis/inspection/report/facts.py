"""The gallery as data for the page's script: columns of numbers, and pictures in chunks that are read when needed."""

import base64
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from ...evaluation.functional import score_labels
from .class_table import ClassFacts
from .gallery import Gallery
from .measures import PhotoMeasures

THUMBNAILS_PER_CHUNK, LAYERS_PER_CHUNK = 60, 12


def describe_gallery(gallery: Gallery, classes: Sequence[ClassFacts]) -> dict[str, Any]:
    """Return what the script knows of all photos from the start.

    Args:
        gallery: The photos.
        classes: Names and colours.
    """
    with_layers = {photo.photo for photo in gallery.photos if photo.photo in gallery.layers}
    return dict(
        classes=[dict(name=facts.name, color=facts.color) for facts in classes],
        layers=[dict(key=key, title=title) for key, title in gallery.list_layers().items()],
        measures=[vars(measure) for measure in gallery.measures],
        predictedBy=gallery.predicted_by,
        thumbnailsPerChunk=THUMBNAILS_PER_CHUNK,
        layersPerChunk=LAYERS_PER_CHUNK,
        photos=[_describe_photo(photo, photo.photo in with_layers) for photo in gallery.photos],
    )


def _describe_photo(photo: PhotoMeasures, has_layers: bool) -> dict[str, Any]:
    values = {key: _round(getattr(photo, key)) for key in ('iou', 'agreement', 'tag_score', 'label_score')}
    return dict(
        name=photo.photo,
        size=photo.size,
        tags=photo.tags,
        layered=has_layers,
        values={key: value for key, value in values.items() if value is not None},
        rows=_describe_classes(photo),
        instances=_describe_instances(photo.instances),
        detected=_describe_instances(photo.detected),
    )


def _describe_classes(photo: PhotoMeasures) -> list[list[float | None]]:
    """Return label, tag score, IoU with truth and with the prediction of each class that anything says is there."""
    ious = [
        None if counts is None else 100 * score_labels(*counts).iou[1:]
        for counts in (photo.truth_counts, photo.agreement_counts)
    ]
    found = {label for instances in (photo.instances, photo.detected) for label, _ in instances or ()}
    for iou in ious:
        found.update(() if iou is None else np.flatnonzero(np.isfinite(iou)).tolist())
    return [
        [
            label,
            _round(photo.tag_scores[label] if label < len(photo.tag_scores) else None),
            *(None if iou is None else _round(iou[label]) for iou in ious),
        ]
        for label in sorted(found.union(photo.tags))
    ]


def _describe_instances(instances: Sequence[tuple[int, float]] | None) -> list[list[float]] | None:
    return None if instances is None else [[label, _round(100 * score)] for label, score in instances]


def _round(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 1)


def chunk_thumbnails(gallery: Gallery) -> Iterator[list[str]]:
    """Yield the thumbnails of the photos without layers as base64, in chunks, in the order of the photos."""
    plain = (_to_text(photo.thumbnail) for photo in gallery.photos if photo.photo not in gallery.layers)
    yield from _chunk(plain, THUMBNAILS_PER_CHUNK)


def chunk_layers(gallery: Gallery) -> Iterator[list[dict[str, str]]]:
    """Yield the layers of the photos that have some as base64 by key, in chunks, in the order of the photos."""
    layered = (
        {key: _to_text(picture) for key, picture in gallery.layers[photo.photo].items()}
        for photo in gallery.photos
        if photo.photo in gallery.layers
    )
    yield from _chunk(layered, LAYERS_PER_CHUNK)


def _chunk(things: Iterator, size: int) -> Iterator[list]:
    while chunk := list(islice(things, size)):
        yield chunk


def _to_text(picture: bytes) -> str:
    return base64.b64encode(picture).decode('ascii')
