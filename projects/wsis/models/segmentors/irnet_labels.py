"""From CAMs, boundary and displacement to pseudo semantic and instance masks (IRNet, section 5)."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData, PixelData

from ...ops import Strongest, cluster_displacement, random_walk_of_parts, split_regions
from ...structures.masks import encode_mask

# Largest number of bytes of the maps of instances that are spread at once.
SCORE_BYTES = 32 * 2**20
# Largest number of bytes of the boolean masks of a photo; many fragments of a large one are given as COCO RLE.
MASK_BYTES = 128 * 2**20


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
        cam_threshold: What of a CAM lies below it counts as 0, and the rest is scaled back to [0, 1]. 0 is that of the
            paper. CAMs of SEAM, which are scaled from their minimum to their maximum, are hardly anywhere 0, and the
            walk would spread what lies outside of the objects too.

    Raises:
        ValueError: If ``cam_threshold`` is not in [0, 1).
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
        cam_threshold: float = 0.0,
    ) -> None:
        if not 0 <= cam_threshold < 1:
            raise ValueError(f'cam_threshold is a part of the largest score, from 0 to below 1, not {cam_threshold}')
        self.boundary = boundary
        self.displacement = displacement
        self.background_threshold = background_threshold
        self.walk = dict(radius=radius, beta=beta, steps=steps)
        self.clustering = dict(threshold=cluster_threshold, iterations=cluster_iterations)
        self.min_fragment = min_fragment
        self.cam_threshold = cam_threshold

    def __call__(self, sample: DetDataSample) -> DetDataSample:
        """Add ``pred_sem_seg`` and ``pred_instances`` to a sample with ``cams``, ``boundary`` and ``displacement``.

        Masks are bool (M, H, W), or, where these would take much memory, M COCO RLEs.
        """
        size = tuple(sample.ori_shape)
        cams, classes = self._fit_cams(sample.cams.cams, sample.boundary.shape[-2:]), sample.cams.labels
        class_scores = cams.new_zeros(len(classes), *sample.boundary.shape[-2:])
        strongest, owners = Strongest(size, cams), []
        for scores, owner in self._spread(cams, sample.boundary, sample.displacement):
            class_scores.index_add_(0, owner, scores)
            strongest.add(scores)
            owners.append(owner)
        labels = self._decide(class_scores, size)[0]
        class_ids = torch.cat([classes.new_zeros(1), classes + 1]).to(torch.uint8)
        sample.pred_sem_seg = PixelData(data=class_ids[labels][None].cpu())
        del labels, class_scores
        owner = torch.cat(owners) if owners else classes.new_zeros(0)
        sample.pred_instances = self._split(*self._threshold(strongest), classes[owner], size)
        return sample

    def _fit_cams(self, cams: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        """Return CAMs (K, h, w) at the size of the boundary, without what is below the threshold."""
        if self.cam_threshold:
            cams = ((cams - self.cam_threshold) / (1 - self.cam_threshold)).clamp(min=0)
        if cams.shape[-2:] != size and len(cams):
            return F.interpolate(cams[None], size, mode='bilinear', align_corners=False)[0]
        return cams.reshape(-1, *size)

    def _spread(
        self, cams: torch.Tensor, boundary: torch.Tensor, displacement: torch.Tensor
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield the scores (M, h, w) of class instances, and for each which CAM (M,) it belongs to.

        They come in parts: an unclear photo has hundreds of instances.

        Args:
            cams: (K, h, w) CAMs of the photo.
            boundary: (1, h, w) in [0, 1].
            displacement: (2: y, x; h, w) in pixels of this stride.
        """
        owner, ids, clusters = torch.arange(len(cams), device=cams.device), None, None
        if self.displacement and len(cams):
            clusters = cluster_displacement(displacement[None], **self.clustering)[0]
            # only clusters with a score: the walk of a map of zeros is zero
            used = [clusters[cam > 0].unique() for cam in cams]
            owner = torch.cat([number.expand(len(own)) for number, own in zip(owner, used)])
            ids = torch.cat(used)
        count = max(1, SCORE_BYTES // max(1, boundary.numel() * cams.element_size()))
        owners = owner.split(count) if len(owner) else ()
        numbers = [None] * len(owners) if ids is None else ids.split(count)
        parts = (_cut_out(cams[own], clusters, own_ids) for own, own_ids in zip(owners, numbers))
        return zip(random_walk_of_parts(parts, boundary, **self.walk) if self.boundary else parts, owners)

    def _decide(self, scores: torch.Tensor, size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the label map (H, W; 0 background, else 1 + channel) and the winners' scores (H, W).

        It is the argmax of [background, enlarged scores relative to their maximum]; the background wins where they are
        equal.
        """
        strongest = Strongest(size, scores)
        strongest.add(scores)
        return self._threshold(strongest)

    def _threshold(self, strongest: Strongest) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what :meth:`_decide` does; the maps are overwritten."""
        winner, best = strongest.winner, strongest.best
        best /= best.max().clamp(min=1e-5)
        return winner.add_(1).masked_fill_((best > self.background_threshold).logical_not_(), 0), best

    def _split(
        self, winner: torch.Tensor, best: torch.Tensor, classes: torch.Tensor, size: tuple[int, int]
    ) -> InstanceData:
        """Return the instances of what :meth:`_decide` returns and the class (M,) of each channel."""
        found = split_regions(winner, best, classes, self.min_fragment * size[0] * size[1])
        if found.numbers.numel() * len(found.labels) <= MASK_BYTES:
            masks = found.masks().cpu()
        else:
            numbers = found.numbers.cpu().numpy()
            masks = [encode_mask(numbers == number) for number in range(1, len(found.labels) + 1)]
        return InstanceData(
            masks=masks, bboxes=found.boxes().cpu(), labels=found.labels.cpu(), scores=found.scores.cpu()
        )


def _cut_out(scores: torch.Tensor, clusters: torch.Tensor | None, ids: torch.Tensor | None) -> torch.Tensor:
    """Set each of the scores (M, h, w) to 0 outside its cluster, in place; without ids they stay as they are."""
    for score, number in zip(scores, () if ids is None else ids):
        score *= clusters == number
    return scores
