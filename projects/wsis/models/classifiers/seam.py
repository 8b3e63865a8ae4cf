"""SEAM: a classifier whose class maps agree between two sizes of a photo."""

import torch
from mmdet.structures import DetDataSample
from mmengine.registry import MODELS

from ...ops import strided_size
from ...ops.class_maps import resize_aligned
from ..feature_levels import FeatureLevel
from ..heads.seam_head import ClassMaps
from .two_view_classifier import TwoViewClassifier, make_second_view


@MODELS.register_module()
class SEAM(TwoViewClassifier):
    """Self-supervised equivariant attention (Wang et al., CVPR 2020) on any backbone with two low levels.

    In training a reduced second view of each photo is made on the device. The refined maps are read out as CAMs. With a
    ``contrast_head`` it is SEAM + PPC (Du et al., CVPR 2022), of which nothing is used for predictions.

    Args:
        backbone: Backbone with at least three levels (or what ``low_levels`` of the head name).
        head: ``SEAMHead``; its channels are set here.
        second_view: How the second view is made.
        loss_stride: Class maps are enlarged to this stride before losses are taken of them: 1, the photo's size, as in
            the official code; None leaves them as the network gives them, which is much quicker on a CPU.
        test_cfg: As of :class:`CAMClassifier`; ``normalization`` is ``'min_max'`` if nothing is said, as averaged maps
            are nowhere 0.
        kwargs: Arguments of :class:`TwoViewClassifier`.
    """

    def __init__(
        self,
        backbone: dict,
        head: dict,
        second_view: dict | None = None,
        loss_stride: int | None = 1,
        test_cfg: dict | None = None,
        **kwargs,
    ) -> None:
        test_cfg = {'normalization': 'min_max', **(test_cfg or {})}
        super().__init__(backbone, head, second_view or dict(scale_factor=0.3), test_cfg=test_cfg, **kwargs)
        self.loss_stride = loss_stride

    def build_head(self, head: dict, levels: list[FeatureLevel]) -> torch.nn.Module:
        """Build the head, which reads several levels."""
        self.level_strides = [level.stride for level in levels]
        return MODELS.build({'in_channels': [level.channels for level in levels], **head})

    def make_maps(self, inputs: torch.Tensor) -> ClassMaps:
        """Return the raw and the refined class maps (N, C + 1, H, W) at the size of the photos."""
        return self.head(self.extract_feat(inputs), inputs).resize(inputs.shape[-2:])

    def loss(self, photos: torch.Tensor, data_samples: list[DetDataSample]) -> dict[str, torch.Tensor]:
        """Return SEAM's losses, and the contrast's where there is a contrast head.

        Raises:
            ValueError: If the class maps of a photo hold NaN; the message names it.
        """
        tags = torch.stack([sample.gt_tags for sample in data_samples])
        views = photos, make_second_view(photos, **self.second_view)
        features = [self.extract_feat(view) for view in views]
        # the contrast sees the features after the same dropout as the classifier (official code of PPC)
        classified = [self.head.drop(levels) for levels in features]
        maps = [self.head(levels, view, seen) for levels, view, seen in zip(features, views, classified)]
        self.check_finite(data_samples, *maps[0], *maps[1])
        enlarged = [self.enlarge(found, view) for found, view in zip(maps, views)]
        losses = self.supervise(enlarged, tags, data_samples)
        if self.contrast_head is not None:
            losses.update(self.contrast_head.loss(classified[0], maps[0].refined, classified[1], maps[1].refined, tags))
        return losses

    def supervise(
        self, maps: list[ClassMaps], tags: torch.Tensor, data_samples: list[DetDataSample]
    ) -> dict[str, torch.Tensor]:
        """Return the losses of the class maps of both views but the contrast's."""
        return self.head.loss(*maps, tags)

    def enlarge(self, maps: ClassMaps, photos: torch.Tensor) -> ClassMaps:
        """Bring class maps to the stride at which losses are taken."""
        return maps if self.loss_stride is None else maps.resize(strided_size(photos.shape[-2:], self.loss_stride))

    def find_maps(self, photos: torch.Tensor, data_samples: list[DetDataSample]) -> list[DetDataSample]:
        """Add ``pred_scores`` (C,) and ``cam_maps`` (C, h, w; refined, of the classified level's stride)."""
        features = self.extract_feat(photos)
        for place, sample in enumerate(data_samples):
            # without the padding of the batch, which refined pixels would look at
            rows, columns = sample.img_shape[:2]
            photo = photos[place : place + 1, :, :rows, :columns]
            levels = []
            for level, stride in zip(features, self.level_strides):
                height, width = strided_size((rows, columns), stride)
                levels.append(level[place : place + 1, :, :height, :width])
            maps = self.head(levels, photo)
            sample.pred_scores = maps.raw[0, 1:].mean((1, 2)).sigmoid()
            sample.cam_maps = maps.refined[0, 1:]
        return data_samples

    def enlarge_maps(self, maps: torch.Tensor, sample: DetDataSample) -> torch.Tensor:
        """Return refined class maps (C, h, w) of a view, rectified and of its size, as in the official code."""
        return resize_aligned(maps[None], tuple(sample.img_shape[:2]))[0].relu()
