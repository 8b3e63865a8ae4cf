"""BESTIE: instances from semantic maps and points."""

import torch
from mmdet.models.detectors import BaseDetector
from mmdet.structures import DetDataSample
from mmdet.structures.mask import mask2bbox
from mmengine.registry import MODELS
from mmengine.structures import InstanceData, PixelData
from torch import Tensor

from ...freed_memory import return_freed_memory
from ...ops import (
    CenterSettings,
    InstanceLabels,
    make_pseudo_labels,
    read_instances,
    read_instances_of_points,
    refine_labels,
    refine_labels_with_points,
)
from ...structures.finite_maps import check_finite_maps
from ..classifiers.cam_selection import check_mode
from ..feature_levels import build_backbone, exclude_unused, infer_feature_levels, prepare_backbone
from ..heads.instance_head import InstanceMaps
from .component_batch import BatchTargets, find_predicted_components, stack_label_maps, stack_targets


@MODELS.register_module()
class BESTIE(BaseDetector):
    """Beyond semantic to instance segmentation (Kim et al., CVPR 2022) on any backbone.

    Learns semantic maps, and instances where a component of them holds exactly one point (semantic knowledge transfer).
    :class:`SelfRefinementHook` turns self-refinement on, which adds labels made of the network's own output.

    Args:
        backbone: Backbone; the Panoptic-DeepLab head needs four levels.
        head: ``PanopticDeepLabHead`` or ``HighResolutionHead``; its ``in_channels`` are set here.
        neck: Optional neck between both.
        supervision: ``'tags'``: centres are centroids of components; ``'points'``: all given points are centres, and
            refinement, and mode ``pseudo_label``, give each pixel to one.
        sigma: Standard deviation of centres in pixels.
        guidance: Whether centre maps are learnt only where a component holds one point (instance-aware guidance); else
            everywhere, so that missing instances are learnt as background.
        refinement: How centres are found for refined labels, entries of :class:`CenterSettings`.
        test_cfg: ``mode`` (``'predict'``, or ``'pseudo_label'``: only tags of the photo), ``flip``: whether the mirror
            image is looked at too (default True), ``min_area`` of a component in pixels (default 50), and entries of
            :class:`CenterSettings` (default: threshold .1, a component without centre is one instance, no limit of
            their number).
        data_preprocessor: As in mmdet.
        init_cfg: Initialisation of mmengine.

    Attributes:
        refining: Whether labels are refined now; set by the hook.
        outcomes: (4,) how many components kept their one instance, got one or more without a pseudo label, were
            split, and lost theirs; counted until the hook takes them back to 0.
        teacher: Another BESTIE whose maps labels are refined from, or None for its own; set by the hook.

    Raises:
        ValueError: If ``supervision`` is unknown.
    """

    def __init__(
        self,
        backbone: dict,
        head: dict,
        neck: dict | None = None,
        supervision: str = 'tags',
        sigma: float = 6.0,
        guidance: bool = True,
        refinement: dict | None = None,
        test_cfg: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        if supervision not in ('tags', 'points'):
            raise ValueError(f"supervision is 'tags' or 'points', not {supervision!r}")
        self.backbone = build_backbone(backbone, reader=neck or head)
        if neck is not None:
            self.neck = MODELS.build(neck)
        levels = prepare_backbone(self.backbone)
        features = torch.nn.Sequential(self.backbone, *([self.neck] if self.with_neck else []))
        levels = infer_feature_levels(features) if self.with_neck else levels
        self.head = MODELS.build({'in_channels': [level.channels for level in levels], **head})
        exclude_unused(features, self.head)
        self.supervision = supervision
        self.sigma = sigma
        self.guidance = guidance
        self.refinement = CenterSettings.from_config('model.refinement', refinement or {})
        self.refining = False
        self.outcomes = torch.zeros(4, dtype=torch.long)
        # no child module: its weights are those of the hook that keeps them
        object.__setattr__(self, 'teacher', None)
        test_cfg = dict(test_cfg or {})
        self.mode = check_mode(test_cfg.pop('mode', 'predict'))
        self.flip = test_cfg.pop('flip', True)
        self.min_area = test_cfg.pop('min_area', 50)
        self.reading = CenterSettings.from_config(
            'model.test_cfg', test_cfg, threshold=0.1, max_instances=None, keep_whole=True
        )

    def extract_feat(self, batch_inputs: Tensor) -> tuple[Tensor, ...]:
        """Return the feature levels of photos (N, 3, H, W)."""
        features = self.backbone(batch_inputs)
        return self.neck(features) if self.with_neck else features

    def _forward(self, batch_inputs: Tensor, batch_data_samples: list[DetDataSample] | None = None) -> InstanceMaps:
        """Return the maps at the stride of the head."""
        return self.head(self.extract_feat(batch_inputs))

    def loss(self, batch_inputs: Tensor, batch_data_samples: list[DetDataSample]) -> dict[str, Tensor]:
        """Return the losses of photos (N, 3, H, W) whose samples come from ``GenerateInstancePseudoLabels``."""
        maps = self._find_maps(batch_inputs)
        labels = stack_label_maps(batch_data_samples, batch_inputs.shape[2:])
        targets = stack_targets(batch_data_samples)
        pseudo, refined = self.make_pseudo_labels(targets), None
        if self.refining:
            refined, instances = self.make_refined_labels(
                self._ask_teacher(batch_inputs, maps), labels, pseudo, targets
            )
            self._count_outcomes(targets.accepted, instances)
        return self.head.loss(maps, labels, pseudo, refined, self.supervision == 'tags', self.guidance)

    @torch.no_grad()
    def make_labels(
        self, batch_inputs: Tensor, batch_data_samples: list[DetDataSample]
    ) -> tuple[InstanceLabels, InstanceLabels]:
        """Return the pseudo labels of photos, and the labels refined from the network as it is now, for looking at.

        Maps are those of evaluation mode; neither the network nor its counts change.

        Args:
            batch_inputs: Photos (N, 3, H, W).
            batch_data_samples: Samples from ``GenerateInstancePseudoLabels``.
        """
        training = self.training
        self.eval()
        maps = self._ask_teacher(batch_inputs, None)
        self.train(training)
        targets = stack_targets(batch_data_samples)
        pseudo = self.make_pseudo_labels(targets)
        labels = stack_label_maps(batch_data_samples, batch_inputs.shape[2:])
        return pseudo, self.make_refined_labels(maps, labels, pseudo, targets)[0]

    def _find_maps(self, inputs: Tensor) -> InstanceMaps:
        """Return the maps at the size of the inputs."""
        return self.head.resize(self._forward(inputs), inputs.shape[2:])

    @torch.no_grad()
    def _ask_teacher(self, inputs: Tensor, own: InstanceMaps | None) -> InstanceMaps:
        """Return the maps that labels are refined from, at the size of the inputs: the teacher's, or else one's own,
        which are computed if they are not known yet."""
        if self.teacher is not None:
            return self.teacher.head.resize(self.teacher(inputs, mode='tensor'), inputs.shape[2:])
        return self._find_maps(inputs) if own is None else own

    def make_pseudo_labels(self, targets: BatchTargets) -> InstanceLabels:
        """Return the labels that semantic knowledge and points give."""
        points = targets.points if self.supervision == 'points' else None
        return make_pseudo_labels(targets.components, targets.accepted, self.head.num_classes, self.sigma, points)

    @torch.no_grad()
    def make_refined_labels(
        self, maps: InstanceMaps, labels: Tensor, pseudo: InstanceLabels, targets: BatchTargets
    ) -> tuple[InstanceLabels, Tensor | None]:
        """Return the labels that a network's maps give, and how many instances (K,) each component has in them; None
        with given points."""
        if self.supervision == 'points':
            offset, weight = refine_labels_with_points(maps.offset, labels, targets.points, self.head.num_classes)
            return pseudo._replace(offset=offset, weight=weight), None
        probabilities = clean(maps.semantic.detach().softmax(1), targets.tags)
        return refine_labels(probabilities, maps.center, maps.offset, targets.components, self.refinement, self.sigma)

    def _count_outcomes(self, accepted: Tensor, instances: Tensor | None) -> None:
        """Count what became of the pseudo labels.

        Args:
            accepted: (K,) bool: components with a pseudo label.
            instances: (K,) how many instances each has now; None if they were not counted.
        """
        if instances is None:
            return
        kept, none = accepted & (instances == 1), accepted & (instances == 0)
        outcomes = (kept, ~accepted & (instances > 0), accepted & (instances > 1), none)
        self.outcomes = self.outcomes.to(instances.device) + torch.stack([one.sum() for one in outcomes])

    @torch.no_grad()
    def predict(
        self, batch_inputs: Tensor, batch_data_samples: list[DetDataSample], rescale: bool = True
    ) -> list[DetDataSample]:
        """Add ``pred_instances`` (``masks``, ``bboxes``, ``labels``, ``scores``) and ``pred_sem_seg`` to samples.

        Args:
            batch_inputs: Photos (N, 3, H, W).
            batch_data_samples: Their samples.
            rescale: Whether predictions are of the photo's own size; else of the network's input.
        """
        views = [self._forward(batch_inputs)]
        if self.flip:
            views.append(self._forward(batch_inputs.flip(-1)))
        return_freed_memory(batch_inputs[0, 0].numel())
        for index, sample in enumerate(batch_data_samples):
            own = [InstanceMaps(*(part[index : index + 1] for part in maps)) for maps in views]
            size = sample.ori_shape if rescale else sample.img_shape
            self._finish_sample(sample, self._merge_views(own, batch_inputs.shape[2:], sample.img_shape, size))
        return batch_data_samples

    def _merge_views(
        self, views: list[InstanceMaps], padded: tuple[int, int], seen: tuple[int, int], size: tuple[int, int]
    ) -> InstanceMaps:
        """Average probabilities and centre maps of a photo and its mirror image at a size; offsets are the photo's.

        Args:
            views: Maps of the photo, and of its mirror image if there are two, at the stride of the head.
            padded: Size of the network's input.
            seen: Size of the photo in it, in its upper left corner.
            size: Size that is asked for.
        """
        probabilities = center = offset = None
        for number, maps in enumerate(views):
            if number:
                maps = maps._replace(offset=None)
            whole = padded == tuple(seen)
            maps = self.head.resize(maps, size if whole else padded)
            if number:
                maps = maps.apply(lambda part: part.flip(-1))
            if not whole:
                maps = self.head.resize(maps.apply(lambda part: part[..., : seen[0], : seen[1]]), size)
            own = maps.semantic.softmax(1)
            return_freed_memory(own[0, 0].numel())
            probabilities = own if probabilities is None else probabilities.add_(own)
            center = maps.center if center is None else center.add_(maps.center)
            offset = maps.offset if offset is None else offset
        # offsets are in pixels of the network's input, so they are scaled too (not so in the official code)
        factors = offset.new_tensor([new / old for new, old in zip(size, seen)])
        return InstanceMaps(
            probabilities.div_(len(views)), center.div_(len(views)), offset.mul_(factors[:, None, None])
        )

    def _finish_sample(self, sample: DetDataSample, maps: InstanceMaps) -> None:
        probabilities = maps.semantic
        check_finite_maps(sample.get('img_id', '?'), 'maps', *maps)
        if self.mode == 'pseudo_label':
            clean(probabilities, read_tags(sample, self.head.num_classes, probabilities.device)[None])
        labels = probabilities.argmax(1).byte()
        return_freed_memory(labels.numel())
        if self.mode == 'pseudo_label' and self.supervision == 'points':
            rows = read_points_of(sample, labels.device)
            numbers, classes, scores = read_instances_of_points(probabilities, maps.offset, labels, rows)
        else:
            components = find_predicted_components(labels[0], self.head.num_classes, self.min_area)
            numbers, owners, scores = read_instances(probabilities, maps.center, maps.offset, components, self.reading)
            classes = components.labels.to(owners.device)[owners]
        masks = numbers[0] == torch.arange(1, len(scores) + 1, device=numbers.device)[:, None, None]
        sample.pred_instances = InstanceData(masks=masks, bboxes=mask2bbox(masks), labels=classes, scores=scores)
        sample.pred_sem_seg = PixelData(data=labels)
        sample.set_metainfo(dict(mode=self.mode))


def clean(probabilities: Tensor, tags: Tensor) -> Tensor:
    """Set the probabilities (N, C + 1, H, W) of classes that are no tags (N, C) to 0, in place; return them."""
    kept = torch.cat([tags.new_ones(len(tags), 1), tags], 1)
    return probabilities.mul_(kept.to(probabilities)[:, :, None, None])


def read_tags(sample: DetDataSample, num_classes: int, device: torch.device) -> Tensor:
    """Return the tags (C,) of a sample.

    Raises:
        ValueError: If the photo has none.
    """
    if sample.get('tags') is None:
        raise ValueError("Mode 'pseudo_label' needs the tags of each photo; use mode='predict' for photos without")
    tags = torch.zeros(num_classes, device=device)
    tags[list(sample.tags)] = 1
    return tags


def read_points_of(sample: DetDataSample, device: torch.device) -> Tensor:
    """Return the given points of a photo as rows ``0, class, y, x`` (D, 4).

    Raises:
        ValueError: If the photo comes without points.
    """
    if sample.get('points') is None:
        raise ValueError(
            'Labels of a model trained on points need the points of each photo: set test_dataloader.dataset.points_file'
        )
    rows = [(0, point.label, int(point.y), int(point.x)) for point in sample.points]
    return torch.tensor(rows, dtype=torch.long, device=device).reshape(-1, 4)
