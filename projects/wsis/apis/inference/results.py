"""What a model says of an image: as a dict, and as files in a folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from mmdet.structures import DetDataSample
from PIL import Image
from pycocotools import mask as coco_mask

from ...datasets.palette import voc_palette
from ...structures import report_unwritable, write_atomically, write_json, write_png
from ...structures.masks import encode_mask
from ...visualization.colors import to_array

INSTANCES_NAME = 'instances.json'
PICTURES, MASKS, CAMS = 'vis', 'semantic_masks', 'cams'


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


@dataclass
class ResultFolder:
    """Writes ``vis/NAME.png``, ``semantic_masks/NAME.png``, ``cams/NAME.npz`` and one ``instances.json`` (COCO).

    Attributes:
        folder: Where they go.
        classes: The class list.
        images: Of the COCO json.
        annotations: Of the COCO json.
        with_instances: Whether any image was looked at for instances.
    """

    folder: Path
    classes: Sequence[str]
    images: list[dict] = field(default_factory=list)
    annotations: list[dict] = field(default_factory=list)
    with_instances: bool = False

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
                _write_palette_png(self.folder / MASKS / f'{name}.png', found['sem_seg'])
            if 'cams' in found:
                arrays = dict(
                    cams=found['cams'].astype(np.float16),
                    labels=np.array(found['cam_labels'], np.int64),
                    size=np.array(found['size'], np.int64),
                    scores=np.array(found['tag_scores'], np.float32),
                )
                write_atomically(self.folder / CAMS / f'{name}.npz', lambda file: np.savez_compressed(file, **arrays))
        if 'masks' in found:
            self.with_instances = True
            self._add_instances(found, file_name, min_score)

    def finish(self) -> None:
        """Write the COCO json, if the model gives instances."""
        if not self.with_instances:
            return
        categories = [dict(id=index, name=name) for index, name in enumerate(self.classes, 1)]
        content = dict(images=self.images, annotations=self.annotations, categories=categories)
        with report_unwritable(self.folder):
            write_json(self.folder / INSTANCES_NAME, content, indent=None)

    def _add_instances(self, found: Mapping[str, Any], file_name: str, min_score: float) -> None:
        image_id = len(self.images) + 1
        height, width = found['size']
        self.images.append(dict(id=image_id, file_name=file_name, height=height, width=width))
        for label, score, mask in zip(found['labels'], found['scores'], found['masks']):
            if score < min_score:
                continue
            self.annotations.append(
                dict(
                    id=len(self.annotations) + 1,
                    image_id=image_id,
                    category_id=label + 1,
                    segmentation=mask,
                    area=float(coco_mask.area(mask)),
                    bbox=[float(value) for value in coco_mask.toBbox(mask)],
                    iscrowd=0,
                    score=score,
                )
            )


def _write_palette_png(path: Path, labels: np.ndarray) -> None:
    picture = Image.fromarray(labels)
    picture.putpalette([value for color in [(0, 0, 0), *voc_palette(255)] for value in color])
    write_atomically(path, lambda file: picture.save(file, 'PNG'))
