"""The results of an image: as a dict, and as files in a folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmdet.structures import DetDataSample

from ...evaluation.writers.instance_writer import COCO_FILE
from ...evaluation.writers.prediction_writer import MASK_FOLDER
from ...structures import report_unwritable, write_atomically, write_json, write_png
from ...structures.coco_json import CocoLabels
from ...structures.index_png import write_index_png
from ...structures.masks import encode_mask
from ...visualization.colors import to_array

PICTURES, CAMS = 'vis', 'cams'


def sample_to_dict(name: str, sample: DetDataSample) -> dict[str, Any]:
    """Return the predictions of a sample.

    Args:
        name: Of the image.
        sample: What the model gave.

    Returns:
        ``name``, ``size`` (H, W) and what there is of: ``labels``, ``scores``, ``bboxes`` (x1, y1, x2, y2) and
        ``masks`` (RLE), a list each; ``sem_seg`` (H, W) uint8 (0 background, 1..C classes); ``tag_scores`` (C,), and
        ``cam_labels`` with ``cams`` (K, h, w) float32 in [0, 1]; ``boundary`` (h, w) in [0, 1] and ``displacement``
        (2: y, x; h, w) of IRNet.
    """
    found: dict[str, Any] = dict(name=name, size=tuple(int(length) for length in sample.ori_shape))
    if 'pred_instances' in sample:
        instances = sample.pred_instances
        found['labels'] = to_array(instances.labels).astype(int).tolist()
        found['scores'] = to_array(instances.scores).astype(float).tolist()
        found['bboxes'] = to_array(instances.bboxes).astype(float).reshape(-1, 4).tolist()
        found['masks'] = [mask if isinstance(mask, dict) else encode_mask(to_array(mask)) for mask in instances.masks]
    if 'pred_sem_seg' in sample:
        found['sem_seg'] = to_array(sample.pred_sem_seg.data)[0].astype(np.uint8)
    if 'pred_cams' in sample:
        found['tag_scores'] = to_array(sample.pred_scores).astype(float).tolist()
        found['cam_labels'] = to_array(sample.pred_cams.labels).astype(int).tolist()
        found['cams'] = to_array(sample.pred_cams.cams).astype(np.float32)
    if 'boundary' in sample:
        found['boundary'] = to_array(sample.boundary)[0].astype(np.float32)
        found['displacement'] = to_array(sample.displacement).astype(np.float32)
    return found


class ResultFolder:
    """Writes ``vis/NAME.png``, ``semantic_masks/NAME.png``, ``cams/NAME.npz`` and one ``instances.json`` (COCO).

    Args:
        folder: Where they go.
        classes: The class list.
    """

    def __init__(self, folder: Path, classes: Sequence[str]) -> None:
        self.folder = folder
        self._labels = CocoLabels(classes)

    def add_picture(self, name: str, picture: np.ndarray) -> None:
        """Write the drawing ``(H, W, 3)`` uint8 RGB of an image.

        Raises:
            ValueError: If it cannot be written; one line.
        """
        with report_unwritable(self.folder):
            write_png(self.folder / PICTURES / f'{name}.png', picture)

    def add(self, found: Mapping[str, Any], file_name: str, min_score: float) -> None:
        """Write what was found in an image.

        Args:
            found: As of :func:`sample_to_dict`.
            file_name: What the COCO json calls the image.
            min_score: Instances of a lower score are left out.

        Raises:
            ValueError: If a file cannot be written; one line.
        """
        name = found['name']
        with report_unwritable(self.folder):
            if 'sem_seg' in found:
                write_index_png(self.folder / MASK_FOLDER / f'{name}.png', found['sem_seg'])
            if 'cams' in found:
                arrays = dict(
                    cams=found['cams'].astype(np.float16),
                    labels=np.array(found['cam_labels'], np.int64),
                    size=np.array(found['size'], np.int64),
                    scores=np.array(found['tag_scores'], np.float32),
                )
                write_atomically(self.folder / CAMS / f'{name}.npz', lambda file: np.savez_compressed(file, **arrays))
        if 'masks' in found:
            keys = ('label', 'score', 'mask')
            instances = [dict(zip(keys, values)) for values in zip(found['labels'], found['scores'], found['masks'])]
            kept = [instance for instance in instances if instance['score'] >= min_score]
            self._labels.add(file_name, found['size'], kept)

    def finish(self) -> None:
        """Write the COCO json, if the model predicts instances."""
        if self._labels.images:
            with report_unwritable(self.folder):
                write_json(self.folder / COCO_FILE, self._labels.content(), indent=None)
