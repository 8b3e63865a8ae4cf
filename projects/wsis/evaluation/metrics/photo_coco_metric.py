"""COCO's AP on those photos that have ground truth."""

import logging
from collections.abc import Sequence
from typing import Any

from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from mmengine.registry import METRICS


@METRICS.register_module()
class PhotoCocoMetric(BaseMetric):
    """mmdet's ``CocoMetric`` that leaves out photos without ``instances`` instead of stopping at them.

    Left-out photos are counted in one line of the log; if no photo has ground truth, there is no number (an empty
    dict). With an ``ann_file`` the ground truth is there, as COCO's own evaluation has it (areas of masks, crowds), and
    no photo is left out; photos are found in it by their ``file_name``.

    Args:
        collect_device: As in mmengine.
        prefix: Of the keys.
        ann_file: As in ``CocoMetric``.
        kwargs: Further arguments of ``CocoMetric``.
    """

    default_prefix = 'coco'
    measured_field = 'pred_instances'

    def __init__(
        self, collect_device: str = 'cpu', prefix: str | None = None, ann_file: str | None = None, **kwargs
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.ann_file = ann_file
        # built by name, as importing mmdet.evaluation takes a second, which only this metric has a use for
        self.metric = METRICS.build(dict(type='mmdet.CocoMetric', ann_file=ann_file, **kwargs))
        images = self.metric._coco_api.imgs if ann_file else {}
        self.image_ids = {image['file_name']: key for key, image in images.items()}

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Take in a batch of photos.

        Args:
            data_batch: Not used.
            data_samples: Data samples as dicts.
        """
        # every photo leaves one result that is not None, which mmengine drops: only so can it put the photos of all
        # ranks back into their order, and cut those that a sampler repeats
        for sample in data_samples:
            if self.ann_file is None and sample.get('instances') is None:
                self.results.append((None,))
            else:
                self.metric.process(data_batch, [self._identify(sample)])
                self.results.append((self.metric.results.pop(),))

    def _identify(self, sample: dict) -> dict:
        """Return the sample under the id that the json has for its photo.

        Raises:
            ValueError: If the json does not name it.
        """
        if self.ann_file is None:
            return sample
        if sample['file_name'] not in self.image_ids:
            raise ValueError(f'{self.ann_file} does not name {sample["file_name"]}: give the json of the same split')
        return {**sample, 'img_id': self.image_ids[sample['file_name']]}

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Compute AP of the photos with ground truth.

        Args:
            results: One tuple per photo: its result, None without ground truth.

        Returns:
            Numbers by name; empty if no photo has ground truth.
        """
        kept = [result for (result,) in results if result is not None]
        if not kept:
            print_log(f'{type(self).__name__}: no masks: not measured ({len(results)} photos)', 'current')
            return {}
        skipped = len(results) - len(kept)
        if skipped:
            print_log(
                f'{type(self).__name__}: {skipped} of {len(results)} photos have no ground-truth `instances` and are '
                'skipped',
                'current',
                logging.WARNING,
            )
        self.metric.dataset_meta = self.dataset_meta
        if self.ann_file is not None:  # by name: mmdet takes them in the order of the json
            ids = {category['name']: key for key, category in self.metric._coco_api.cats.items()}
            classes = self.dataset_meta['classes']
            self.metric.cat_ids = [ids.get(name, -1 - index) for index, name in enumerate(classes)]
        return self.metric.compute_metrics(kept)
