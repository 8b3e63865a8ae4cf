"""Writing semantic masks."""

from collections.abc import Sequence

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmengine.registry import METRICS
from mmengine.structures import PixelData

from ...structures.index_png import write_index_png
from ...structures.masks import IGNORE_LABEL, read_index_png
from .store_writer import StoreWriter


@METRICS.register_module()
class SemanticMaskWriter(StoreWriter):
    """Writes ``pred_sem_seg`` as palette PNG, as PASCAL VOC does: 0 background, 1..C classes, 255 ignore.

    Args:
        artifact: ``'semantic_masks'``, or ``'inter_pixel_labels'``.
        out_dir: Folder of the store; by default ``<work dir>/<artifact>``.
    """

    def __init__(self, artifact: str = 'semantic_masks', out_dir: str | None = None, **kwargs) -> None:
        super().__init__(out_dir, artifact, '.png', **kwargs)

    def write(self, sample: dict) -> None:
        """Write the mask of one photo.

        Raises:
            ValueError: If mode is ``pseudo_label``, but a segmentor has chosen a class that is no tag of the photo.
        """
        labels = sample['pred_sem_seg']['data'][0].cpu().numpy().astype(np.uint8)
        # a segmentor without SemanticTTAModel keeps its logits, and knows nothing of tags
        if sample.get('mode') == 'pseudo_label' and 'seg_logits' in sample:
            _check_tagged(sample['img_id'], labels, sample.get('tags') or ())
        write_index_png(self.store.path_of(sample['img_id']), labels, self.dataset_meta['palette'])

    def load(self, sample: DetDataSample) -> None:
        """Read the mask of one photo."""
        labels = read_index_png(self.store.path_of(sample.img_id))
        sample.pred_sem_seg = PixelData(data=torch.from_numpy(labels)[None])


def _check_tagged(photo: str, labels: np.ndarray, tags: Sequence[int]) -> None:
    found = np.flatnonzero(np.bincount(labels.ravel(), minlength=IGNORE_LABEL + 1))
    if foreign := sorted(set(found.tolist()) - {0, IGNORE_LABEL} - {tag + 1 for tag in tags}):
        raise ValueError(
            f'The pseudo mask of photo {photo} holds class {foreign[0] - 1}, which is none of its tags {sorted(tags)}: '
            "a segmentor chooses among them in tta_model only: leave tta on, or set the data set's mode to 'predict'"
        )
