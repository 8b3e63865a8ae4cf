"""From CAMs, boundary and displacement to pseudo semantic and instance masks (IRNet, section 5)."""

import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmdet.structures.mask import mask2bbox
from mmengine.structures import InstanceData, PixelData

from ...ops import cluster_displacement, random_walk, split_regions, strongest_map


class IRNetLabelMaker:
    """Spreads the CAMs of a photo along affinities, split by instance, and decides every pixel.

    The two switches give the ablation of the paper: neither is CAM alone with connected components, ``boundary`` adds
    the random walk, ``displacement`` the split into instances.

    Args:
        boundary: Whether scores are spread by a random walk that boundaries stop.
        displacement: Whether the CAM of a class is split by the clusters of the displacement field.
        background_threshold: Score that foreground must beat, relative to the largest score of the photo.
        radius: Of the random walk, in pixels of the CAM.
        beta: Exponent of the affinities.
        steps: Number of steps of the walk.
        cluster_threshold: Displacement (in pixels of the CAM) below which a pixel lies near a centroid.
        cluster_iterations: Number of refinements of the displacement field.
        min_fragment: Share of the photo below which a fragment gets score 0.
    """

    def __init__(
        self,
        boundary: bool = True,
        displacement: bool = True,
        background_threshold: float = 0.25,
        radius: int = 5,
        beta: float = 10.0,
        steps: int = 256,
        cluster_threshold: float = 2.5,
        cluster_iterations: int = 300,
        min_fragment: float = 0.01,
    ) -> None:
        self.boundary = boundary
        self.displacement = displacement
        self.background_threshold = background_threshold
        self.walk = dict(radius=radius, beta=beta, steps=steps)
        self.clustering = dict(threshold=cluster_threshold, iterations=cluster_iterations)
        self.min_fragment = min_fragment

    def __call__(self, sample: DetDataSample) -> DetDataSample:
        """Add ``pred_sem_seg`` and ``pred_instances`` to a sample with ``cams``, ``boundary`` and ``displacement``."""
        size = tuple(sample.ori_shape)
        classes = sample.cams.labels
        scores, owner = self.score_instances(sample.cams.cams, sample.boundary, sample.displacement)
        class_scores = scores.new_zeros(len(classes), *scores.shape[1:]).index_add_(0, owner, scores)
        labels = self._decide(class_scores, size)[0]
        class_ids = torch.cat([classes.new_zeros(1), classes + 1])
        sample.pred_sem_seg = PixelData(data=class_ids[labels][None].to(torch.uint8).cpu())
        sample.pred_instances = self._find_instances(scores, classes[owner], size)
        return sample

    def score_instances(
        self, cams: torch.Tensor, boundary: torch.Tensor, displacement: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the scores (M, h, w) of class instances, and for each which CAM (M,) it belongs to.

        Args:
            cams: (K, h', w') CAMs of the photo.
            boundary: (1, h, w) in [0, 1].
            displacement: (2: y, x; h, w) in pixels of this stride.
        """
        size = boundary.shape[-2:]
        if cams.shape[-2:] != size and len(cams):
            cams = F.interpolate(cams[None], size, mode='bilinear', align_corners=False)[0]
        owner = torch.arange(len(cams), device=cams.device)
        scores = cams.reshape(-1, *size)
        if self.displacement and len(cams):
            clusters = cluster_displacement(displacement[None], **self.clustering)[0]
            # only clusters with a score: the walk of a map of zeros is zero
            used = [clusters[cam > 0].unique() for cam in cams]
            scores = torch.cat([cam * (clusters == ids[:, None, None]) for cam, ids in zip(cams, used)])
            owner = torch.cat([number.expand(len(ids)) for number, ids in zip(owner, used)])
        if self.boundary and len(scores):
            scores = random_walk(scores[None], boundary[None], **self.walk)[0]
        return scores, owner

    def _decide(self, scores: torch.Tensor, size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the label map (H, W; 0 background, else 1 + channel) and the winners' scores (H, W).

        It is the argmax of [background, enlarged scores relative to their maximum]; the background wins where they are
        equal.
        """
        winner, best = strongest_map(scores, size)
        best = best / best.max().clamp(min=1e-5)
        return torch.where(best > self.background_threshold, winner + 1, 0), best

    def _find_instances(self, scores: torch.Tensor, classes: torch.Tensor, size: tuple[int, int]) -> InstanceData:
        winner, best = self._decide(scores, size)
        found = split_regions(winner, best, classes, self.min_fragment * size[0] * size[1])
        masks = found.masks()
        return InstanceData(
            masks=masks.cpu(), bboxes=mask2bbox(masks.cpu()), labels=found.labels.cpu(), scores=found.scores.cpu()
        )
