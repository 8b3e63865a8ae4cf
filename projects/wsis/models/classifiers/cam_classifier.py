"""The multi-label classifier that gives CAMs."""

from dataclasses import dataclass, fields

import torch
from mmdet.structures import DetDataSample
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from mmengine.structures import InstanceData

from ...ops import strided_size
from ..feature_levels import FeatureLevel, build_backbone, exclude_unused, infer_feature_levels, prepare_backbone
from .cam_selection import check_mode, check_normalization, choose_classes, normalize_cams, resize_maps

CAMS = 'pred_cams'  # the field of CAMs in data samples


@dataclass(frozen=True)
class CAMSize:
    """Of which size CAMs are.

    Args:
        stride: Pixels of the photo per pixel of the CAMs.
        size_divisor: Class maps are enlarged to the photo's size rounded up to a multiple of it, then cut (the official
            IRNet code's full-size maps: 16).
    """

    stride: int = 4
    size_divisor: int = 1

    def resize(self, maps: torch.Tensor, photo_size: tuple[int, int]) -> torch.Tensor:
        """Resize class maps (C, h, w) of a photo (H, W)."""
        full_size = tuple(-(-length // self.size_divisor) * self.size_divisor for length in photo_size)
        rows, columns = strided_size(photo_size, self.stride)
        return resize_maps(maps, strided_size(full_size, self.stride))[:, :rows, :columns]


def read_sizes(test_cfg: dict) -> dict[str, CAMSize]:
    """Take the sizes of CAMs, by their fields in data samples, out of the ``test_cfg`` of a classifier.

    Raises:
        ValueError: If a size has unknown entries, or its field would take the place of another one.
    """
    known = [entry.name for entry in fields(CAMSize)]
    own, others = {name: test_cfg.pop(name) for name in known if name in test_cfg}, test_cfg.pop('other_sizes', {})
    for name, size in others.items():
        if name == CAMS or not name.endswith('_cams') or not set(size) <= set(known):
            raise ValueError(
                f'other_sizes: {name}={dict(size)} is none: names end with _cams and are not {CAMS}, entries are '
                f'{", ".join(known)}'
            )
    return {name: CAMSize(**size) for name, size in {CAMS: own, **others}.items()}


@MODELS.register_module()
class CAMClassifier(BaseModel):
    """Multi-label classifier on any mmdet or mmseg backbone, read out as class activation maps.

    Args:
        backbone: Backbone.
        head: Head, e.g. ``dict(type='CAMHead', num_classes=20)``; its ``in_channels`` are set here.
        neck: Optional neck between both.
        test_cfg: ``mode`` (``'pseudo_label'``: maps of the photo's tags, ``'predict'``: of the classes found),
            ``stride`` and ``size_divisor`` of the CAMs that are given (defaults of :class:`CAMSize`), ``other_sizes``:
            further CAMs, the settings of their :class:`CAMSize` by the name of their field in data samples,
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
        self.backbone = build_backbone(backbone, reader=neck or head)
        self.neck = MODELS.build(neck) if neck else None
        test_cfg = dict(test_cfg or {})
        self.mode = check_mode(test_cfg.pop('mode', 'pseudo_label'))
        self.sizes = read_sizes(test_cfg)
        self.score_threshold = test_cfg.pop('score_threshold', 0.5)
        self.normalization = check_normalization(test_cfg.pop('normalization', 'max'))
        if test_cfg:
            raise ValueError(
                f'Unknown entries of test_cfg: {sorted(test_cfg)}; known are mode, stride, size_divisor, '
                'other_sizes, score_threshold, normalization'
            )
        levels = prepare_backbone(self.backbone)
        features = torch.nn.Sequential(*filter(None, (self.backbone, self.neck)))
        levels = infer_feature_levels(features) if self.neck else levels
        in_index = head.get('in_index', -1)
        if not -len(levels) <= in_index < len(levels):
            raise ValueError(
                f'{head["type"]} reads level {in_index}, but the backbone gives {len(levels)}: name another in '
                'in_index, or set out_indices of the backbone'
            )
        self.feature_stride = levels[in_index].stride
        self.head = self.build_head(head, levels)
        if len(levels) > 1:
            exclude_unused(features, lambda maps: [maps[self.head.in_index]])

    def build_head(self, head: dict, levels: list[FeatureLevel]) -> torch.nn.Module:
        """Build the head for the feature levels that there are."""
        return MODELS.build({'in_channels': levels[head.get('in_index', -1)].channels, **head})

    def extract_feat(self, inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the feature levels of photos (N, 3, H, W)."""
        features = self.backbone(inputs)
        return self.neck(features) if self.neck else features

    def forward(self, inputs: torch.Tensor, data_samples: list[DetDataSample] | None = None, mode: str = 'tensor'):
        """Run the model: ``loss`` returns a dict of losses, ``predict`` data samples, ``maps`` unfinished data samples
        (see :meth:`find_maps`), ``tensor`` class maps."""
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        if mode == 'maps':
            return self.find_maps(inputs, data_samples)
        return self.make_maps(inputs)

    def make_maps(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the class maps of photos (N, 3, H, W)."""
        return self.head(self.extract_feat(inputs))

    def loss(self, inputs: torch.Tensor, data_samples: list[DetDataSample]) -> dict[str, torch.Tensor]:
        """Return the losses of photos (N, 3, H, W) whose samples hold ``gt_tags``."""
        return self.head.loss(self.extract_feat(inputs), torch.stack([sample.gt_tags for sample in data_samples]))

    def predict(self, inputs: torch.Tensor, data_samples: list[DetDataSample]) -> list[DetDataSample]:
        """Add ``pred_scores`` (C,), ``cam_maps`` (see :meth:`find_maps`), ``pred_cams`` and CAMs of other sizes."""
        for sample in self.find_maps(inputs, data_samples):
            labels = self.choose_classes(sample)
            self.finish_sample(sample, labels, self.read_maps(sample, labels))
        return data_samples

    def find_maps(self, inputs: torch.Tensor, data_samples: list[DetDataSample]) -> list[DetDataSample]:
        """Add ``pred_scores`` (C,) and ``cam_maps`` (C, h, w; of the backbone's stride), which are small."""
        features = self.extract_feat(inputs)
        # strides round up, so what is beyond comes from the padding of the batch
        valid = [strided_size(sample.img_shape, self.feature_stride) for sample in data_samples]
        for sample, (scores, maps) in zip(data_samples, self.head.predict(features, valid)):
            sample.pred_scores = scores
            sample.cam_maps = maps
        return data_samples

    def choose_classes(self, sample: DetDataSample) -> torch.Tensor:
        """Return the classes (K,) of a sample with ``pred_scores`` whose CAMs are given."""
        return choose_classes(sample.pred_scores, sample.get('tags'), self.mode, self.score_threshold)

    def read_maps(self, sample: DetDataSample, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the ``cam_maps`` of some classes of a view, mirrored back, in all sizes of CAMs: (K, h, w) each.

        Only these are enlarged, one after the other: all classes of a large photo would not fit into memory.
        """
        maps, photo_size = sample.cam_maps[labels], sample.ori_shape
        if not len(labels):
            return {
                name: maps.new_zeros(0, *strided_size(photo_size, size.stride)) for name, size in self.sizes.items()
            }
        if sample.get('flip'):
            maps = maps.flip(-1)
        found = {name: [] for name in self.sizes}
        for own in maps.split(1):
            own = self.enlarge_maps(own, sample)
            for name, size in self.sizes.items():
                found[name].append(self.resize_to_photo(own, photo_size, size))
        return {name: torch.cat(parts) for name, parts in found.items()}

    def enlarge_maps(self, maps: torch.Tensor, sample: DetDataSample) -> torch.Tensor:
        """Return class maps (C, h, w) of a view as they are before they are resized to the photo."""
        return maps

    def resize_to_photo(self, maps: torch.Tensor, photo_size: tuple[int, int], size: CAMSize) -> torch.Tensor:
        """Resize class maps (C, h, w) to CAMs of one size of a photo (H, W)."""
        return size.resize(maps, photo_size)

    def finish_sample(
        self, sample: DetDataSample, labels: torch.Tensor, maps: dict[str, torch.Tensor], num_views: int = 1
    ) -> DetDataSample:
        """Turn class maps into the CAMs of a sample; also called by test-time augmentation.

        Args:
            sample: Of the photo.
            labels: (K,) classes.
            maps: (K, h, w) their maps by the field of the CAMs, resized to the photo, summed over the views.
            num_views: Number of views, which normalising makes irrelevant here.
        """
        for name, own in maps.items():
            setattr(sample, name, InstanceData(cams=normalize_cams(own, self.normalization), labels=labels))
        sample.set_metainfo(dict(mode=self.mode))
        return sample
