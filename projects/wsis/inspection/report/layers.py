"""The layers of one photo: what every step of a run made of it, as small pictures for the page."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...datasets.transforms import LoadEvaluationMasks
from ...structures import PseudoLabelStore, probe_photo
from ...structures.cam_file import DRAWN, read_cams
from ...structures.masks import decode_masks
from ...visualization import distinct_colors
from ..parallel import take_turns
from .overlays import (
    draw_boundary_layer,
    draw_cam_layer,
    draw_class_map_layer,
    draw_displacement_layer,
    draw_masks_layer,
    encode_photo,
    read_photo,
)
from .photo_labels import PhotoLabels, read_labels
from .sources import Sources

SMOOTH_SHARE = 0.5  # smooth layers are drawn at this share of the size; the page enlarges them

#: Layers in the order in which a run makes them, and in which they lie over each other.
TITLES = dict(
    photo='Photo',
    cam='CAM',
    boundary='Boundary',
    displacement='Displacement',
    label='Pseudo label',
    prediction='Prediction',
    truth='Truth',
)


@dataclass(frozen=True)
class LayerJob:
    """What the layers of a photo are drawn from.

    Attributes:
        info: What the data set says of the photo.
        sources: Where layers come from, without the photos.
        maps: Store of boundaries and displacements, or None.
        min_score: Lowest score of a detection.
        side: Longer side of the pictures, in pixels.
    """

    info: dict[str, Any]
    sources: Sources
    maps: PseudoLabelStore | None
    min_score: float
    side: int


def draw_layers(job: LayerJob) -> dict[str, bytes]:
    """Draw the layers of a photo by the keys of :data:`TITLES`; those that its run does not have are left out.

    Raises:
        PhotoError: If the photo cannot be read.
        ValueError: If a file of a store is damaged.
    """
    info, sources = job.info, job.sources
    shape = probe_photo(info['img_path']).shape
    with take_turns(shape[0] * shape[1]):
        photo = read_photo(info['img_path'], job.side)
    size, name = photo.shape[:2], info['img_id']
    colors = distinct_colors(len(sources.classes))
    layers = dict(photo=encode_photo(photo), **_draw_maps(job, size, colors))
    labels = read_labels(sources.labels, name)
    predicted = read_labels(sources.predictions, name, job.min_score)
    for key, found in dict(label=labels, prediction=predicted, truth=_read_truth({**info, 'ori_shape': shape})).items():
        if found is not None:
            layers[key] = _draw_labels(found, size, colors, key)
    return layers


def _draw_maps(job: LayerJob, size: tuple[int, int], colors: np.ndarray) -> dict[str, bytes]:
    """Draw CAMs, boundary and displacement."""
    cams, name = job.sources.cams, job.info['img_id']
    smooth = tuple(max(1, round(SMOOTH_SHARE * length)) for length in size)
    layers = {}
    if cams is not None and name in cams:
        arrays = read_cams(cams, name, DRAWN)
        layers['cam'] = draw_cam_layer(arrays['cams'], arrays['labels'], smooth, colors)
    if job.maps is not None and name in job.maps:
        arrays = job.maps.read_arrays(name)
        full_length = float(np.percentile(np.hypot(*arrays['displacement'].astype(np.float32)), 97))
        layers['boundary'] = draw_boundary_layer(arrays['boundary'] / 255, size)
        layers['displacement'] = draw_displacement_layer(arrays['displacement'], smooth, full_length)
    return layers


def _read_truth(info: dict[str, Any]) -> PhotoLabels | None:
    """Return the true instances of a photo, or its true class map where objects are not told apart."""
    true = LoadEvaluationMasks()(info)
    if 'instances' in true:
        instances = [dict(label=one['bbox_label'], score=1.0, mask=one['mask']) for one in true['instances']]
        return PhotoLabels(instances)
    class_map = true.get('evaluation_sem_seg')
    return None if class_map is None else PhotoLabels(class_map=class_map)


def _draw_labels(labels: PhotoLabels, size: tuple[int, int], colors: np.ndarray, outline: str) -> bytes:
    if labels.instances is None:
        return draw_class_map_layer(labels.class_map, size, colors, outline)
    full = tuple(labels.instances[0]['mask']['size']) if labels.instances else size
    masks = decode_masks([instance['mask'] for instance in labels.instances], full)
    return draw_masks_layer(list(masks), [instance['label'] for instance in labels.instances], size, colors, outline)
