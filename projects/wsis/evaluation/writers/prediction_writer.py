"""Writing predictions of any test into a folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from mmengine.registry import METRICS

from ...structures import report_unwritable, write_json
from ...structures.coco_json import CocoLabels
from ...structures.index_png import write_index_png
from .instance_writer import COCO_FILE, list_instances

MASK_FOLDER = 'semantic_masks'


@METRICS.register_module()
class PredictionWriter(BaseMetric):
    """Writes the predictions of a model beside its metrics (``tools/test.py --out``).

    ``pred_sem_seg`` becomes ``semantic_masks/<img_id>.png`` (0 background, 1..C classes), and ``pred_instances`` of all
    images ``instances.json`` (COCO, RLE, with scores). Neither tags nor masks of the images are needed.

    Args:
        out_dir: The folder.
        kwargs: As of mmengine's ``BaseMetric``.
    """

    default_prefix = ''

    def __init__(self, out_dir: str, **kwargs) -> None:
        super().__init__(**kwargs)
        self.out_dir = Path(out_dir)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Write the semantic maps of a batch, and keep its instances as RLE."""
        for sample in data_samples:
            if 'pred_sem_seg' in sample:
                labels = sample['pred_sem_seg']['data'][0].cpu().numpy().astype(np.uint8)
                with report_unwritable(self.out_dir):
                    write_index_png(
                        self.out_dir / MASK_FOLDER / f'{sample["img_id"]}.png', labels, self.dataset_meta.get('palette')
                    )
            file_name = sample.get('file_name') or Path(sample['img_path']).name
            found = list_instances(sample['pred_instances']) if 'pred_instances' in sample else None
            self.results.append(dict(file_name=file_name, size=tuple(sample['ori_shape']), instances=found))

    def compute_metrics(self, results: list[dict]) -> dict:
        """Write the COCO json (main process only); there is no number."""
        labels = CocoLabels(self.dataset_meta['classes'])
        for result in results:
            if result['instances'] is not None:
                labels.add(result['file_name'], result['size'], result['instances'])
        if labels.images:
            with report_unwritable(self.out_dir):
                write_json(self.out_dir / COCO_FILE, labels.content(), indent=None)
        print_log(f'predictions of {len(results)} images: {self.out_dir}', 'current')
        return {}
