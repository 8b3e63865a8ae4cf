"""The multi-label classifier that gives CAMs."""

import torch
from mmdet.structures import DetDataSample
from mmengine.model import BaseModel
from mmengine.registry import MODELS

from ...ops import strided_size
from ..feature_levels import FeatureLevel, infer_feature_levels
from .cam_selection import check_mode, check_normalization, resize_maps, select_cams


@MODELS.register_module()
class CAMClassifier(BaseModel):
    """Multi-label classifier on any mmdet or mmseg backbone, read out as class activation maps.

    Args:
        backbone: Backbone.
        head: Head, e.g. ``dict(type='CAMHead', num_classes=20)``; its ``in_channels`` are set here.
        neck: Optional neck between both.
        test_cfg: ``mode`` (``'pseudo_label'``: maps of the photo's tags, ``'predict'``: of the classes found),
            ``stride`` of the CAMs that are given (default 4), ``size_divisor``: class maps are enlarged to the photo's
            size rounded up to a multiple of it, then cut (default 1; the public IRNet code's full-size maps: 16),
            ``score_threshold`` of mode ``predict``, ``normalization`` of each map to [0, 1]: by its ``'max'``
            (default) or from its minimum to its maximum (``'min_max'``).
        data_preprocessor: As in mmdet.
        init_cfg: Initialisation of mmengine.

    Attributes:
        training_only: Prefixes of parameters that predictions do without; a checkpoint to test may lack them.
    """

    training_only: tuple[str, ...] = ()

    def __init__(
        self,
        backbone: dict,
        head: dict,
        neck: dict | None = None,
        test_cfg: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.backbone = MODELS.build(backbone)
        self.neck = MODELS.build(neck) if neck else None
        test_cfg = dict(test_cfg or {})
        self.mode = check_mode(test_cfg.pop('mode', 'pseudo_label'))
        self.stride = test_cfg.pop('stride', 4)
        self.size_divisor = test_cfg.pop('size_divisor', 1)
        self.score_threshold = test_cfg.pop('score_threshold', 0.5)
        self.normalization = check_normalization(test_cfg.pop('normalization', 'max'))
        if test_cfg:
            raise ValueError(
                f'Unknown entries of test_cfg: {sorted(test_cfg)}; known are mode, stride, size_divisor, '
                'score_threshold, normalization'
            )
        levels = infer_feature_levels(torch.nn.Sequential(*filter(None, (self.backbone, self.neck))))
        in_index = head.get('in_index', -1)
        if not -len(levels) <= in_index < len(levels):
            raise ValueError(
                f'{head["type"]} reads level {in_index}, but the backbone gives {len(levels)}: name another in '
                'in_index, or set out_indices of the backbone'
            )
        self.feature_stride = levels[in_index].stride
        self.head = self.build_head(head, levels)

    def build_head(self, head: dict, levels: list[FeatureLevel]) -> torch.nn.Module:
        """Build the head for the feature levels that there are."""
        return MODELS.build({'in_channels': levels[head.get('in_index', -1)].channels, **head})

    def extract_feat(self, inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the feature levels of photos (N, 3, H, W)."""
        features = self.backbone(inputs)
        return self.neck(features) if self.neck else features

    def forward(self, inputs: torch.Tensor, data_samples: list[DetDataSample] | None = None, mode: str = 'tensor'):
        """Run the model: ``loss`` gives a dict of losses, ``predict`` data samples, ``tensor`` class maps."""
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        return self.make_maps(inputs)

    def make_maps(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the class maps of photos (N, 3, H, W)."""
        return self.head(self.extract_feat(inputs))

    def loss(self, inputs: torch.Tensor, data_samples: list[DetDataSample]) -> dict[str, torch.Tensor]:
        """Return the losses of photos (N, 3, H, W) whose samples hold ``gt_tags``."""
        return self.head.loss(self.extract_feat(inputs), torch.stack([sample.gt_tags for sample in data_samples]))

    def predict(self, inputs: torch.Tensor, data_samples: list[DetDataSample]) -> list[DetDataSample]:
        """Add ``pred_scores`` (C,), ``cam_maps`` (C, h, w; of the backbone's stride) and ``pred_cams``."""
        features = self.extract_feat(inputs)
        # strides round up, so what is beyond comes from the padding of the batch
        valid = [strided_size(sample.img_shape, self.feature_stride) for sample in data_samples]
        for sample, (scores, maps) in zip(data_samples, self.head.predict(features, valid)):
            sample.pred_scores = scores
            sample.cam_maps = maps
            self.finish_sample(sample, self.resize_to_photo(maps, sample.ori_shape))
        return data_samples

    def resize_to_photo(self, maps: torch.Tensor, photo_size: tuple[int, int]) -> torch.Tensor:
        """Resize class maps (C, h, w) to the stride of the CAMs of a photo (H, W)."""
        full_size = tuple(-(-length // self.size_divisor) * self.size_divisor for length in photo_size)
        rows, columns = strided_size(photo_size, self.stride)
        return resize_maps(maps, strided_size(full_size, self.stride))[:, :rows, :columns]

    def finish_sample(self, sample: DetDataSample, maps: torch.Tensor, num_views: int = 1) -> DetDataSample:
        """Turn class maps (C, h, w), resized to the photo, into the ``pred_cams`` of a sample; also called by
        test-time augmentation with the sum over ``num_views`` views, whose number normalising makes irrelevant here."""
        sample.pred_cams = select_cams(
            maps, sample.pred_scores, sample.get('tags'), self.mode, self.score_threshold, self.normalization
        )
        sample.set_metainfo(dict(mode=self.mode))
        return sample
