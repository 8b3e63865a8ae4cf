"""SEAM: a classifier whose class maps agree between two sizes of a photo."""

import torch
from mmdet.structures import DetDataSample
from mmengine.registry import MODELS

from ...ops import strided_size
from ...ops.class_maps import resize_aligned
from ..feature_levels import FeatureLevel
from ..heads.seam_head import ClassMaps
from .cam_classifier import CAMClassifier
from .views import check_finite, check_second_view, make_second_view


@MODELS.register_module()
class SEAM(CAMClassifier):
    """Self-supervised equivariant attention (Wang et al., CVPR 2020) on any backbone with two low levels.

    In training a reduced second view of each photo is made on the device. The refined maps are read out as CAMs. With a
    ``contrast_head`` it is SEAM + PPC (Du et al., CVPR 2022), of which nothing is used for predictions.

    Args:
        backbone: Backbone with at least three levels (or what ``low_levels`` of the head name).
        head: ``SEAMHead``; its channels are set here.
        neck: Optional neck between both.
        second_view: ``dict(scale_factor=.3)`` or ``dict(size=(128, 128))``.
        loss_stride: Class maps are enlarged to this stride before losses are taken of them: 1, the photo's size, as in
            the public code; None leaves them as the network gives them, which is much quicker on a CPU.
        contrast_head: ``PPCHead``; its channels are set here. None is SEAM alone.
        test_cfg: As of :class:`CAMClassifier`; ``normalization`` is ``'min_max'`` if nothing is said, as averaged maps
            are nowhere 0.
        data_preprocessor: As in mmdet.
        init_cfg: Initialisation of mmengine.
    """

    def __init__(
        self,
        backbone: dict,
        head: dict,
        neck: dict | None = None,
        second_view: dict | None = None,
        loss_stride: int | None = 1,
        contrast_head: dict | None = None,
        test_cfg: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            backbone,
            head,
            neck,
            {'normalization': 'min_max', **(test_cfg or {})},
            data_preprocessor=data_preprocessor,
            init_cfg=init_cfg,
        )
        self.second_view = check_second_view(second_view or dict(scale_factor=0.3))
        self.loss_stride = loss_stride
        in_channels = self.head.classifier.in_channels
        self.contrast_head = MODELS.build({'in_channels': in_channels, **contrast_head}) if contrast_head else None

    def build_head(self, head: dict, levels: list[FeatureLevel]) -> torch.nn.Module:
        """Build the head, which reads several levels."""
        self.level_strides = [level.stride for level in levels]
        return MODELS.build({'in_channels': [level.channels for level in levels], **head})

    def forward(self, inputs: torch.Tensor, data_samples: list[DetDataSample] | None = None, mode: str = 'tensor'):
        """Run the model: ``loss`` gives a dict of losses, ``predict`` data samples, ``tensor`` the raw and the refined
        class maps (N, C + 1, H, W) at the size of the photos."""
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        features = self.extract_feat(inputs)
        if mode == 'predict':
            return self.predict(features, data_samples, inputs)
        return self.head(features, inputs).resize(inputs.shape[-2:])

    def loss(self, photos: torch.Tensor, data_samples: list[DetDataSample]) -> dict[str, torch.Tensor]:
        """Return SEAM's losses, and the contrast's where there is a contrast head.

        Raises:
            ValueError: If the class maps of a photo hold NaN; the message names it.
        """
        tags = torch.stack([sample.gt_tags for sample in data_samples])
        views = photos, make_second_view(photos, **self.second_view)
        features = [self.extract_feat(view) for view in views]
        maps = [self.head(levels, view) for levels, view in zip(features, views)]
        for view in maps:
            check_finite(torch.cat(view, 1), data_samples)
        losses = self.head.loss(*(self.enlarge(found, view) for found, view in zip(maps, views)), tags)
        if self.contrast_head is not None:
            last = [levels[self.head.in_index] for levels in features]
            losses.update(self.contrast_head.loss(last[0], maps[0].refined, last[1], maps[1].refined, tags))
        return losses

    def enlarge(self, maps: ClassMaps, photos: torch.Tensor) -> ClassMaps:
        """Bring class maps to the stride at which losses are taken."""
        return maps if self.loss_stride is None else maps.resize(strided_size(photos.shape[-2:], self.loss_stride))

    def predict(
        self, features: tuple[torch.Tensor, ...], data_samples: list[DetDataSample], photos: torch.Tensor
    ) -> list[DetDataSample]:
        """Add ``pred_scores`` (C,), ``cam_maps`` (C, H, W; refined, at the photo's size) and ``pred_cams``."""
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
            sample.cam_maps = resize_aligned(maps.refined, (rows, columns))[0, 1:].relu()
            self.finish_sample(sample, self.resize_to_photo(sample.cam_maps, sample.ori_shape))
        return data_samples
