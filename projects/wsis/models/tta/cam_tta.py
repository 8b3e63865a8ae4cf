"""Test-time augmentation of CAMs."""

from collections.abc import Iterator
from functools import partial
from itertools import chain

import torch
from mmdet.structures import DetDataSample
from mmengine.model import BaseTTAModel
from mmengine.registry import MODELS

from ...freed_memory import LARGE_PIXELS, return_freed_memory
from ..bands import join_bands

# Here a view is a batch: on a CPU the maps of two together depend, by float noise, on the number of threads.
SINGLE_DEVICES = ('cpu',)
# Elsewhere a photo of VOC and its mirror image, both of twice the size, go through together: fewer kernels to start.
PIXELS_TOGETHER = 1 << 22


@MODELS.register_module()
class CAMTTAModel(BaseTTAModel):
    """Sum the class maps of all scales and mirror images, then normalise: the multi-scale CAMs of the papers.

    Views are seen one after the other (on a GPU small photos together with their mirror images), and of each only the
    class maps at the network's stride are kept; then the maps of the photo's classes are enlarged and added view by
    view. The model that is wrapped gives ``find_maps``, ``choose_classes``, ``read_maps`` and ``finish_sample``, as
    :class:`CAMClassifier`.
    """

    @torch.no_grad()
    def test_step(self, data: dict[str, list]) -> list[DetDataSample]:
        """Find the maps of all views of a batch, and merge them.

        Args:
            data: What ``TestTimeAug`` gives: ``inputs`` and ``data_samples``, of each a list a view.
        """
        views, photos, samples = [], list(data['inputs']), data['data_samples']
        count = len(photos[0])
        largest = 0 if self.module.data_preprocessor.device.type in SINGLE_DEVICES else PIXELS_TOGETHER
        for first, last in _group_views(photos, largest):
            batch = self._normalize(*(list(chain(*values[first:last])) for values in (photos, samples)))
            photos[first:last] = [None] * (last - first)
            pixels = batch['inputs'][0][0].numel()
            return_freed_memory(pixels)  # of the steps of normalising
            found = self.module(**batch, mode='maps')
            views += [found[index : index + count] for index in range(0, len(found), count)]
            del batch  # before the next one is normalised
            return_freed_memory(pixels)
        return self.merge_preds(list(zip(*views)))

    def _normalize(self, photos: list[torch.Tensor], samples: list[DetDataSample]) -> dict:
        """Return what the data preprocessor makes of a batch; of one large photo a band of rows at a time.

        The preprocessor keeps several maps of the photo at once, each four times as large as the photo.
        """
        preprocess = self.module.data_preprocessor
        height, width = photos[0].shape[-2:]
        if len(photos) > 1 or height * width < LARGE_PIXELS or getattr(preprocess, 'pad_size_divisor', None) != 1:
            return preprocess(dict(inputs=photos, data_samples=samples), False)
        normalize = partial(self._normalize_rows, photos[0])
        inputs = join_bands(normalize, height, max(1, LARGE_PIXELS // width))
        samples = preprocess.cast_data(samples)
        samples[0].set_metainfo(dict(batch_input_shape=(height, width), pad_shape=(height, width)))
        return dict(inputs=inputs, data_samples=samples)

    def _normalize_rows(self, photo: torch.Tensor, top: int, bottom: int) -> torch.Tensor:
        """Return some rows (1, 3, h, W) of a photo (3, H, W), normalised."""
        rows = self.module.data_preprocessor(dict(inputs=[photo[:, top:bottom]], data_samples=None), False)
        return rows['inputs']

    @torch.no_grad()
    def merge_preds(self, data_samples_list: list[list[DetDataSample]]) -> list[DetDataSample]:
        """Merge the views of each photo: the inner list holds one sample a view."""
        return [self._merge(views) for views in data_samples_list]

    def _merge(self, views: list[DetDataSample]) -> DetDataSample:
        merged, totals = views[0], {}
        merged.pred_scores = torch.stack([view.pred_scores for view in views]).mean(0)
        labels = self.module.choose_classes(merged)
        for view in views:
            if view.get('flip') and view.flip_direction != 'horizontal':
                raise ValueError(f'CAMTTAModel merges horizontal flips, not {view.flip_direction} ones')
            for name, maps in self.module.read_maps(view, labels).items():
                totals[name] = totals[name] + maps if name in totals else maps
            view.pop('cam_maps')
        return self.module.finish_sample(merged, labels, totals, len(views))


def _group_views(views: list[list[torch.Tensor]], largest: int) -> Iterator[tuple[int, int]]:
    """Yield which views go through the network together, from the first to before the last.

    Args:
        views: Of each the photos of a batch.
        largest: Neighbours of one size are together up to this number of pixels.
    """
    first = 0
    for index in range(1, len(views) + 1):
        shapes = [photo.shape for photo in views[first]]
        pixels = sum(shape[-2:].numel() for shape in shapes) * (index + 1 - first)
        if index < len(views) and pixels <= largest and [photo.shape for photo in views[index]] == shapes:
            continue
        yield first, index
        first = index
