"""Test-time augmentation of CAMs."""

import torch
from mmdet.structures import DetDataSample
from mmengine.model import BaseTTAModel
from mmengine.registry import MODELS

from ..freed_memory import return_freed_memory


@MODELS.register_module()
class CAMTTAModel(BaseTTAModel):
    """Sum the class maps of all scales and mirror images, then normalise: the multi-scale CAMs of the papers.

    Views are seen one after the other, and of each only the class maps at the network's stride are kept; then the maps
    of the photo's classes are enlarged and added view by view. The model that is wrapped gives ``find_maps``,
    ``choose_classes``, ``read_maps`` and ``finish_sample``, as :class:`CAMClassifier`.
    """

    @torch.no_grad()
    def test_step(self, data: dict[str, list]) -> list[DetDataSample]:
        """Find the maps of all views of a batch, and merge them.

        Args:
            data: What ``TestTimeAug`` gives: ``inputs`` and ``data_samples``, of each a list a view.
        """
        views = []
        for index in range(len(data['inputs'])):
            view = self.module.data_preprocessor({key: values[index] for key, values in data.items()}, False)
            pixels = view['inputs'][0][0].numel()
            return_freed_memory(pixels)  # of the steps of normalising
            views.append(self.module(**view, mode='maps'))
            del view  # before the next one is normalised
            return_freed_memory(pixels)
        return self.merge_preds(list(zip(*views)))

    @torch.no_grad()
    def merge_preds(self, data_samples_list: list[list[DetDataSample]]) -> list[DetDataSample]:
        """Merge the views of each photo: the inner list holds one sample a view."""
        return [self._merge(views) for views in data_samples_list]

    def _merge(self, views: list[DetDataSample]) -> DetDataSample:
        merged, total = views[0], 0
        merged.pred_scores = torch.stack([view.pred_scores for view in views]).mean(0)
        labels = self.module.choose_classes(merged)
        for view in views:
            if view.get('flip') and view.flip_direction != 'horizontal':
                raise ValueError(f'CAMTTAModel merges horizontal flips, not {view.flip_direction} ones')
            total = total + self.module.read_maps(view, labels)
            view.pop('cam_maps')
        return self.module.finish_sample(merged, labels, total, len(views))
