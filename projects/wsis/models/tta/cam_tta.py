"""Test-time augmentation of CAMs."""

import torch
from mmdet.structures import DetDataSample
from mmengine.model import BaseTTAModel
from mmengine.registry import MODELS


@MODELS.register_module()
class CAMTTAModel(BaseTTAModel):
    """Sum the class maps of all scales and mirror images, then normalise: the multi-scale CAMs of the papers.

    The model that is wrapped gives ``cam_maps``, ``resize_to_photo`` and ``finish_sample``, as :class:`CAMClassifier`.
    """

    @torch.no_grad()
    def merge_preds(self, data_samples_list: list[list[DetDataSample]]) -> list[DetDataSample]:
        """Merge the views of each photo: the inner list holds one sample a view."""
        return [self._merge(views) for views in data_samples_list]

    def _merge(self, views: list[DetDataSample]) -> DetDataSample:
        merged = views[0]
        total = 0
        for view in views:
            maps = view.pop('cam_maps')
            if view.get('flip'):
                if view.flip_direction != 'horizontal':
                    raise ValueError(f'CAMTTAModel merges horizontal flips, not {view.flip_direction} ones')
                maps = maps.flip(-1)
            total = total + self.module.resize_to_photo(maps, view.ori_shape)
        merged.pred_scores = torch.stack([view.pred_scores for view in views]).mean(0)
        return self.module.finish_sample(merged, total, len(views))
