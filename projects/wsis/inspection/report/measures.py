"""Measuring each photo of a run: how good its labels look, by all that is known of it."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...datasets.transforms import LoadEvaluationMasks
from ...structures import PhotoError, probe_photo
from ...structures.cam_file import read_cams
from ..parallel import take_turns
from .overlays import encode_photo, read_photo
from .photo_labels import PhotoLabels, count_agreement, count_truth, mean_class_iou, read_labels
from .sources import Labels, Sources

THUMBNAIL_SIDE = 224


@dataclass(frozen=True)
class Measure:
    """A number of each photo, by which photos are sorted.

    Attributes:
        key: Name of the attribute of :class:`PhotoMeasures`.
        title: What the page calls it.
        note: What it is.
    """

    key: str
    title: str
    note: str


#: The lower, the more a photo is worth a look; what tells most comes first.
MEASURES = (
    Measure('iou', 'IoU with truth', 'of the pseudo label with the true mask, the mean over the classes of a photo'),
    Measure('agreement', 'Agreement', 'the same with the prediction in the place of the true mask'),
    Measure('tag_score', 'Tag score', 'the lowest probability that the classifier gives a tag of a photo'),
    Measure('label_score', 'Label score', 'the mean score of the pseudo instances of a photo, relative to its best'),
)


@dataclass(frozen=True)
class PhotoMeasures:
    """What is known of one photo; all numbers are percent.

    Attributes:
        photo: Its id.
        tags: 0-based class ids.
        size: Height and width.
        thumbnail: A small picture, WebP.
        iou, agreement, tag_score, label_score: See :data:`MEASURES`; None where it cannot be told.
        instances: Class and score of each pseudo instance; None where there are class maps only.
        detected: The same of each predicted one.
        tag_scores: Probability of each class; empty where there are no CAMs.
        truth_counts: (3, C + 1) pixels that agree, labelled and true ones; None without true masks.
        agreement_counts: The same with predicted ones.
        fault: Why something of it cannot be shown; '' if all can.
    """

    photo: str
    tags: tuple[int, ...]
    size: tuple[int, int] = (0, 0)
    thumbnail: bytes = b''
    iou: float | None = None
    agreement: float | None = None
    tag_score: float | None = None
    label_score: float | None = None
    instances: list[tuple[int, float]] | None = None
    detected: list[tuple[int, float]] | None = None
    tag_scores: tuple[float, ...] = ()
    truth_counts: np.ndarray | None = None
    agreement_counts: np.ndarray | None = None
    fault: str = ''


def measure_photo(job: tuple[dict[str, Any], Sources, float]) -> PhotoMeasures:
    """Measure a photo; what cannot be read is said in ``fault``.

    Args:
        job: What the data set says of the photo; the sources, without photos; and the lowest score of a detection.
    """
    info, sources, min_score = job
    known = PhotoMeasures(info['img_id'], tuple(info['tags']))
    try:
        size = probe_photo(info['img_path']).shape
        with take_turns(size[0] * size[1]):
            thumbnail = encode_photo(read_photo(info['img_path'], THUMBNAIL_SIDE))
        known = replace(known, size=size, thumbnail=thumbnail)
        known = _measure_tags(known, sources)
        labels = read_labels(sources.labels, known.photo)
        if labels is not None:
            known = _measure_labels(known, labels, {**info, 'ori_shape': size}, len(sources.classes))
        return compare_photo((known, sources.labels, sources.predictions, min_score, len(sources.classes)))
    except (PhotoError, ValueError, OSError, KeyError) as error:
        return replace(known, fault=' '.join(str(error).split()) or type(error).__name__)


def compare_photo(job: tuple[PhotoMeasures, Labels | None, Labels | None, float, int]) -> PhotoMeasures:
    """Compare the pseudo labels of a photo with the predictions.

    Args:
        job: What is known of the photo; its pseudo labels; the predictions; the lowest score of a detection; C.

    Returns:
        The same with ``detected``, ``agreement`` and ``agreement_counts``, where there are predictions.
    """
    known, source, predictions, min_score, num_classes = job
    try:
        predicted = read_labels(predictions, known.photo, min_score)
        if predicted is None or known.fault:
            return known
        known = replace(known, detected=None if predicted.instances is None else predicted.scores())
        labels = read_labels(source, known.photo)
        if labels is None:
            return known
        counts = count_agreement(labels, predicted, known.size, num_classes)
    except (ValueError, OSError, KeyError) as error:
        return replace(known, fault=' '.join(str(error).split()))
    return replace(known, agreement_counts=counts, agreement=mean_class_iou(counts))


def _measure_tags(known: PhotoMeasures, sources: Sources) -> PhotoMeasures:
    if sources.cams is None or known.photo not in sources.cams:
        return known
    scores = tuple(100 * float(score) for score in read_cams(sources.cams, known.photo, ('scores',))['scores'])
    own = [scores[tag] for tag in known.tags if tag < len(scores)]
    return replace(known, tag_scores=scores, tag_score=min(own, default=None))


def _measure_labels(known: PhotoMeasures, labels: PhotoLabels, info: dict[str, Any], num_classes: int) -> PhotoMeasures:
    if labels.instances is not None:
        scores = labels.scores()
        mean = 100 * sum(score for _, score in scores) / len(scores) if scores else 0.0
        known = replace(known, instances=scores, label_score=mean)
    truth = LoadEvaluationMasks()(info).get('evaluation_sem_seg')
    if truth is None:
        return known
    counts = count_truth(labels, truth, num_classes)
    return replace(known, truth_counts=counts, iou=mean_class_iou(counts))
