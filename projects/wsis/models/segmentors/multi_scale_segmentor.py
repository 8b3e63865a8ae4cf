"""A segmentor that sees each photo at several scales, in training too.

Configs of the deeplab stage import this module themselves (``_base_/mmseg_runtime.py``), so that nothing else waits for
mmseg's import.
"""

import torch
import torch.nn.functional as F
from mmengine.registry import MODELS
from mmseg.models.losses import accuracy
from mmseg.models.segmentors import EncoderDecoder
from mmseg.utils import SampleList
from torch import nn


@MODELS.register_module()
class MultiScaleSegmentor(EncoderDecoder):
    """Merge class maps of several scales by their maximum, and learn at each scale and from the maximum (DeepLab V2).

    The loss is a sum: of the class maps at every scale, and of their maximum, each at the size at which the maps leave
    the network, where the label map is reduced by the nearest pixel. The test takes the maximum.

    Source: section 4.1 of the paper; ``MSC`` and ``train`` of kazuto1011/deeplab-pytorch.

    Args:
        scales: Scales beside the photo's own; photos are reduced on the device (bilinear).
        args, kwargs: Arguments of mmseg's ``EncoderDecoder``.

    Raises:
        ValueError: If there is an auxiliary head, which would be left out.
    """

    def __init__(self, *args, scales: tuple[float, ...] = (0.5, 0.75), **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.with_auxiliary_head:
            raise ValueError('MultiScaleSegmentor has no auxiliary head: set auxiliary_head=None')
        self.scales = tuple(scales)

    def find_class_maps(self, inputs: torch.Tensor) -> list[torch.Tensor]:
        """Return the class maps (N, C + 1, h, w) of photos (N, 3, H, W) at each scale, their own first."""
        views = [inputs, *(self._shrink(inputs, scale) for scale in self.scales)]
        return [self.decode_head(self.extract_feat(view)) for view in views]

    @staticmethod
    def _shrink(inputs: torch.Tensor, scale: float) -> torch.Tensor:
        if min(inputs.shape[-2:]) * scale < 1:  # photos of one pixel's width
            return inputs
        return F.interpolate(inputs, scale_factor=scale, mode='bilinear', align_corners=False)

    def merge_class_maps(self, maps: list[torch.Tensor]) -> torch.Tensor:
        """Return the maximum of class maps at the size of the first."""
        size, align_corners = maps[0].shape[-2:], self.align_corners
        resized = [F.interpolate(one, size, mode='bilinear', align_corners=align_corners) for one in maps[1:]]
        return torch.stack([maps[0], *resized]).amax(0)

    def encode_decode(self, inputs: torch.Tensor, batch_img_metas: list[dict]) -> torch.Tensor:
        """Return the merged class maps of photos at their own size."""
        merged = self.merge_class_maps(self.find_class_maps(inputs))
        return self.decode_head.predict_by_feat(merged, batch_img_metas)

    def loss(self, inputs: torch.Tensor, data_samples: SampleList) -> dict[str, torch.Tensor]:
        """Return the loss of each scale and of the maximum, and the accuracy of the maximum."""
        labels = torch.stack([sample.gt_sem_seg.data for sample in data_samples])
        maps = self.find_class_maps(inputs)
        merged = self.merge_class_maps(maps)
        losses = {
            f'decode.loss_scale_{scale:g}': self._compare(one, labels)
            for scale, one in zip((1, *self.scales), maps, strict=True)
        }
        losses['decode.loss_maximum'] = self._compare(merged, labels)
        ignored = self.decode_head.ignore_index
        losses['decode.acc_seg'] = accuracy(
            merged, shrink_labels(labels, merged.shape[-2:])[:, 0], ignore_index=ignored
        )
        return losses

    def _forward(self, inputs: torch.Tensor, data_samples: SampleList | None = None) -> torch.Tensor:
        """Return the merged class maps as they leave the network."""
        return self.merge_class_maps(self.find_class_maps(inputs))

    def _compare(self, maps: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the loss of class maps (N, C + 1, h, w) and label maps (N, 1, H, W), at the size of the maps."""
        labels = shrink_labels(labels, maps.shape[-2:])[:, 0]
        head = self.decode_head
        losses = head.loss_decode if isinstance(head.loss_decode, nn.ModuleList) else [head.loss_decode]
        return sum(loss(maps, labels, ignore_index=head.ignore_index) for loss in losses)


def shrink_labels(labels: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Reduce label maps (N, 1, H, W) to (N, 1, h, w): a pixel takes the label at its centre, as PIL does."""
    return F.interpolate(labels.float(), size, mode='nearest-exact').long()
