"""Writing instances, one file per photo, and all of them as one COCO json."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmengine.logging import print_log
from mmengine.registry import METRICS
from mmengine.structures import InstanceData
from pycocotools import mask as coco_mask

from ...structures import write_json
from ...structures.coco_json import CocoLabels
from ...structures.instance_file import read_instance_file
from ...structures.masks import encode_mask
from .store_writer import StoreWriter

COCO_FILE = 'instances.json'


@METRICS.register_module()
class InstanceWriter(StoreWriter):
    """Writes ``pred_instances`` as JSON, and at the end all photos as one COCO json (masks as RLE) to train on.

    The COCO json holds the instances whose score is over ``min_score``, with their scores; IRNet's fragments (score 0)
    are thereby left out. It names photos by their path below the photo folder (metainfo ``file_name``, else the bare
    file name), to which a detector's dataset sets ``data_prefix``.

    Args:
        out_dir: Folder of the store; by default ``<work dir>/instances``. The COCO json is ``instances.json`` beside
            it.
        min_score: Instances of the COCO json have a higher score than this.
    """

    def __init__(self, out_dir: str | None = None, min_score: float = 0.0, **kwargs) -> None:
        super().__init__(out_dir, 'instances', '.json', **kwargs)
        self.min_score = min_score

    @property
    def coco_path(self) -> Path:
        """Path of the COCO json."""
        return self.store.root.parent / COCO_FILE

    def write(self, sample: dict) -> None:
        """Write the instances of one photo."""
        instances = list_instances(sample['pred_instances'])
        height, width = sample['ori_shape']
        file_name = sample.get('file_name') or Path(sample['img_path']).name
        write_json(
            self.store.path_of(sample['img_id']),
            dict(file_name=file_name, height=height, width=width, instances=instances),
            indent=None,
        )

    def load(self, sample: DetDataSample) -> None:
        """Read the instances of one photo."""
        instances = read_instance_file(self.store.path_of(sample.img_id))['instances']
        sample.pred_instances = pack_instances(instances)

    def discard(self) -> None:
        """Remove the COCO json of instances that are made again."""
        self.coco_path.unlink(missing_ok=True)

    def join(self, photos: list[str]) -> None:
        """Join all photos into the COCO json."""
        labels = CocoLabels(self.dataset_meta['classes'])
        for photo in photos:
            content = read_instance_file(self.store.path_of(photo))
            kept = [instance for instance in content['instances'] if instance['score'] > self.min_score]
            labels.add(content['file_name'], (content['height'], content['width']), kept)
        if not labels.annotations:
            print_log(
                f'no pseudo instance of {len(photos)} photos scores over {self.min_score:g}: {self.coco_path} holds '
                'none to train on; lower the threshold of this stage, or train it longer',
                'current',
                logging.WARNING,
            )
        write_json(self.coco_path, labels.content(), indent=None)


def pack_instances(instances: Sequence[Mapping[str, Any]]) -> InstanceData:
    """Return stored instances as a model gives them.

    Args:
        instances: ``label``, ``score`` and ``mask`` (RLE) of each, as of :func:`list_instances`.
    """
    masks = [instance['mask'] for instance in instances]
    boxes = np.array([coco_mask.toBbox(mask) for mask in masks], np.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return InstanceData(
        masks=masks,
        bboxes=torch.from_numpy(boxes),
        labels=torch.tensor([instance['label'] for instance in instances], dtype=torch.long),
        scores=torch.tensor([instance['score'] for instance in instances], dtype=torch.float32),
    )


def list_instances(found: dict) -> list[dict]:
    """Return ``label``, ``score`` and ``mask`` (RLE whose counts are text) of each of the ``pred_instances``."""
    masks = [mask if isinstance(mask, dict) else encode_mask(mask.cpu().numpy()) for mask in found['masks']]
    return [
        dict(label=int(label), score=float(score), mask=_as_text(mask))
        for label, score, mask in zip(found['labels'], found['scores'], masks)
    ]


def _as_text(mask: dict) -> dict:
    """Return an RLE whose counts are text, as JSON needs them; mmdet returns bytes."""
    counts = mask['counts']
    text = counts.decode() if isinstance(counts, bytes) else counts
    return dict(size=[int(length) for length in mask['size']], counts=text)
