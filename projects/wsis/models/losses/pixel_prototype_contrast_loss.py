"""Pixel-to-prototype contrast (PPC, Du et al., CVPR 2022, section 3)."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmengine.dist import all_gather, get_rank, get_world_size
from mmengine.logging import MessageHub
from mmengine.registry import MODELS
from torch import Tensor, nn

from projects.wsis.ops.class_maps import resize_aligned, score_maps
from projects.wsis.ops.prototypes import (
    Prototypes,
    flatten_pixels,
    hard_pixel_weights,
    make_prototypes,
    semi_hard_logits,
)
from projects.wsis.ops.small_copies import copy_without_waiting
from projects.wsis.structures.finite_maps import FiniteCheck


class PixelChoices(NamedTuple):
    """Choices of pixels of one view, to be used instead of our own; places count the global batch as (n, y, x).

    Attributes:
        prototype_pixels: ``(C + 1, k)`` pixels that each class's prototype is made of.
        random_pixels: ``(M,)`` pixels drawn at random for the intra-view term.
        hard_pixels: ``(M,)`` its hard pixels.
    """

    prototype_pixels: Tensor | None = None
    random_pixels: Tensor | None = None
    hard_pixels: Tensor | None = None


class View(NamedTuple):
    """The inputs of the terms from one view: P pixels of this process, G of all processes."""

    pixels: Tensor  # (P, D), of length 1
    labels: Tensor  # (P,) pseudo labels
    global_labels: Tensor  # (G,)
    prototypes: Prototypes
    logits: Tensor  # (P, K) similarities to the view's own prototypes over the temperature
    choices: PixelChoices


@MODELS.register_module()
class PixelPrototypeContrastLoss(nn.Module):
    """Pixels of two views are drawn to the prototype of their class and pushed from the others (InfoNCE).

    Pseudo labels are the strongest class of each pixel among the photo's tags, background where none reaches the
    threshold. A class's prototype is the confidence-weighted mean of its most confident pixels over the **global
    batch**. Three terms, each the mean of both views:

    - cross prototype: pixels of a view against prototypes of the other (section 3.2);
    - cross CAM: pixels and prototypes of a view, pseudo labels of the other (section 3.2);
    - intra view: pixels, prototypes and pseudo labels of a view, semi-hard prototypes as negatives and hard pixels
      (section 3.3).

    Each process takes the pixels of its photos, and weights that are normalised over the global batch: the mean of the
    gradients over processes is that of the whole batch in one process. Index choices are the same everywhere, as random
    numbers come from a generator seeded with ``seed`` and a step counter that checkpoints keep.

    Decisions where the official code leaves things to chance or to constants: the background's equal confidences are
    decided by the least response of the foreground (:func:`choose_confident_pixels`); a class that responds nowhere in
    the batch has no prototype (in the official code: the mean of arbitrary pixels), and pixels whose class has no
    prototype in the other view do not count there; confidences below 0 weigh nothing.

    Args:
        cross_prototype_weight: Factor of this term; 0 leaves it out.
        cross_cam_weight: Factor of this term; 0 leaves it out.
        intra_view_weight: Factor of this term; 0 leaves it out.
        temperature: Divisor of similarities.
        background_threshold: Confidence of the background.
        prototype_fraction: How many pixels make a prototype, as a fraction of the pixels of **one** photo.
        semi_hard_ranks: First and last rank of the negatives of the intra-view term by falling similarity, from 1;
            clipped where there are fewer classes (:func:`semi_hard_logits`).
        hard_fraction: Hard pixels are among this part of least similar ones of a class.
        prototype_photos: ``'all'``: a class's prototype is made of all photos' class maps, and so classes that are in
            no photo are negatives too, as in the official code. ``'tagged'``: of the photos with its tag.
        warmup_fraction: In which part of the training's iterations, from its first on, the weights rise to their value;
            0 is at once, as in the official code, and so is a loss outside of a training by mmengine's ``Runner``.
        gather: Whether prototypes are made over all processes; else over each one's own photos.
        seed: Of the random choices.

    Raises:
        ValueError: If a setting makes no sense.
    """

    def __init__(
        self,
        cross_prototype_weight: float = 0.1,
        cross_cam_weight: float = 0.1,
        intra_view_weight: float = 0.1,
        temperature: float = 0.1,
        background_threshold: float = 0.2,
        prototype_fraction: float = 1 / 8,
        semi_hard_ranks: tuple[int, int] = (4, 13),
        hard_fraction: float = 0.6,
        prototype_photos: str = 'all',
        warmup_fraction: float = 0.0,
        gather: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        for name, good in dict(
            temperature=temperature > 0,
            background_threshold=0 < background_threshold < 1,
            prototype_fraction=0 < prototype_fraction <= 1,
            semi_hard_ranks=1 <= semi_hard_ranks[0] <= semi_hard_ranks[1],
            hard_fraction=0.5 <= hard_fraction <= 1,
            prototype_photos=prototype_photos in ('all', 'tagged'),
            warmup_fraction=0 <= warmup_fraction <= 1,
        ).items():
            if not good:
                raise ValueError(f'PixelPrototypeContrastLoss: {name} is out of its range, see its description')
        self.weights = dict(
            loss_cross_prototype=cross_prototype_weight,
            loss_cross_cam=cross_cam_weight,
            loss_intra_view=intra_view_weight,
        )
        self.temperature = temperature
        self.background_threshold = background_threshold
        self.prototype_fraction = prototype_fraction
        self.semi_hard_ranks = tuple(semi_hard_ranks)
        self.hard_fraction = hard_fraction
        self.prototype_photos = prototype_photos
        self.warmup_fraction = warmup_fraction
        self.gather = gather
        self.seed = seed
        self.register_buffer('step', torch.zeros((), dtype=torch.long))
        self.finite_check = FiniteCheck()
        self._steps = 0  # the same number, to be read without waiting for a GPU

    def forward(
        self,
        features1: Tensor,
        maps1: Tensor,
        features2: Tensor,
        maps2: Tensor,
        tags: Tensor,
        choices: tuple[PixelChoices, PixelChoices] = (PixelChoices(), PixelChoices()),
    ) -> dict[str, Tensor]:
        """Return the terms; in half precision too they are taken in float32.

        Args:
            features1: ``(N, D, h1, w1)`` projected features of view 1; brought to the size of view 2.
            maps1: ``(N, C + 1, h, w)`` class maps of view 1, not normalised, background first; of any size.
            features2: ``(N, D, h2, w2)`` of view 2.
            maps2: Class maps of view 2, of any size.
            tags: ``(N, C)`` multi-hot. Every process has as many photos.
            choices: Choices of each view to use instead of our own.

        Returns:
            ``loss_cross_prototype``, ``loss_cross_cam`` and ``loss_intra_view``, those whose weight is not 0.

        Raises:
            ValueError: If shapes do not fit or a class map holds NaN.
        """
        _check_shapes(features1, maps1, features2, maps2, tags)
        self._check_finite(features1, maps1, features2, maps2)
        size = tuple(features2.shape[-2:])
        with torch.autocast(features1.device.type, enabled=False):
            first = self._make_view(features1, maps1, tags, size, choices[0])
            second = self._make_view(features2, maps2, tags, size, choices[1])
            terms = self._compute_terms(first, second)
        if self.training:
            self.step += 1
            self._steps += 1
        return terms

    def _compute_terms(self, first: View, second: View) -> dict[str, Tensor]:
        warmup = self._find_warmup()
        terms = dict(
            loss_cross_prototype=lambda: self._cross_prototype(first, second) + self._cross_prototype(second, first),
            loss_cross_cam=lambda: self._cross_cam(first, second) + self._cross_cam(second, first),
            loss_intra_view=lambda: self._intra_view(first, 0) + self._intra_view(second, 1),
        )
        return {name: weight * warmup * terms[name]() / 2 for name, weight in self.weights.items() if weight}

    def _find_warmup(self) -> float:
        """Return the factor of the weights in this step, in (0, 1]."""
        iterations = MessageHub.get_current_instance().runtime_info.get('max_iters', 0)
        rising = round(self.warmup_fraction * iterations)
        return min(1.0, (self._steps + 1) / rising) if rising else 1.0

    def _make_view(
        self, features: Tensor, maps: Tensor, tags: Tensor, size: tuple[int, int], choices: PixelChoices
    ) -> View:
        features = resize_aligned(features.float(), size)
        with torch.no_grad():
            labels, confidences = self.label_pixels(maps, tags, size)
            prototypes = make_prototypes(
                flatten_pixels(self._gather(features.detach())),
                flatten_pixels(self._gather(confidences)),
                self.count_prototype_pixels(size),
                choices.prototype_pixels,
            )
            labels = labels.flatten()
            global_labels = self._gather(labels)
        pixels = F.normalize(flatten_pixels(features), dim=1)
        return View(pixels, labels, global_labels, prototypes, self._compare(pixels, prototypes), choices)

    def label_pixels(self, maps: Tensor, tags: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Return the pseudo labels of pixels, and the confidences by which prototypes choose theirs.

        Args:
            maps: ``(N, C + 1, h, w)`` class maps, not normalised, background first.
            tags: ``(N, C)`` multi-hot.
            size: ``(H, W)`` at which the contrast takes place.

        Returns:
            Labels ``(N, H, W)`` from 0, the background, and confidences ``(N, C + 1, H, W)``.
        """
        scores = score_maps(resize_aligned(maps.float(), size), self.background_threshold)
        tagged = scores * F.pad(tags.to(scores), (1, 0), value=1.0)[:, :, None, None]
        return tagged.argmax(1), tagged if self.prototype_photos == 'tagged' else scores

    def count_prototype_pixels(self, size: tuple[int, int]) -> int:
        """Return how many pixels make a prototype where the contrast takes place at ``(H, W)``."""
        return max(1, int(size[0] * size[1] * self.prototype_fraction))

    def _compare(self, pixels: Tensor, prototypes: Prototypes) -> Tensor:
        return pixels @ prototypes.vectors.T / self.temperature

    def _gather(self, tensor: Tensor) -> Tensor:
        """Concatenate a tensor of all processes along its first axis."""
        return torch.cat(all_gather(tensor.contiguous())) if self._is_global() else tensor

    def _is_global(self) -> bool:
        return self.gather and get_world_size() > 1

    def _own_share(self, weights: Tensor, like: Tensor) -> Tensor:
        """Cut the weights ``(G,)`` of this process's pixels out, ready for gradients that are averaged over
        processes (as :func:`global_mean` does)."""
        if not self._is_global():
            return weights
        start = get_rank() * len(like)
        return weights[start : start + len(like)] * get_world_size()

    def _cross_prototype(self, view: View, other: View) -> Tensor:
        """Contrast of a view's pixels against the prototypes of the other view."""
        return self._contrast(self._compare(view.pixels, other.prototypes), other.prototypes.valid, view)

    def _cross_cam(self, view: View, other: View) -> Tensor:
        """Contrast of a view's pixels against its own prototypes, with the pseudo labels of the other view."""
        return self._contrast(view.logits, view.prototypes.valid, other)

    def _contrast(self, logits: Tensor, valid: Tensor, labelled: View) -> Tensor:
        """Mean InfoNCE of logits (P, K) over the pixels whose pseudo label in a view has a valid prototype."""
        positive = logits.gather(1, labelled.labels[:, None])[:, 0]
        losses = logits.masked_fill(~valid, float('-inf')).logsumexp(1) - positive
        known = valid[labelled.global_labels].to(losses)
        return (losses * self._own_share(known / known.sum().clamp(min=1), losses)).sum()

    def _intra_view(self, view: View, number: int) -> Tensor:
        """Mean over classes of the InfoNCE of chosen pixels, against semi-hard prototypes of the same view."""
        positive = view.logits.gather(1, view.labels[:, None])
        negatives = semi_hard_logits(view.logits, view.prototypes.valid, self.semi_hard_ranks)
        losses = torch.cat([positive, negatives], 1).logsumexp(1) - positive[:, 0]
        weights = hard_pixel_weights(
            view.global_labels,
            self._gather(positive.detach()[:, 0]),
            len(view.prototypes.vectors),
            copy_without_waiting(draw_keys(len(view.global_labels), self.seed, self._steps, number), losses.device),
            self.hard_fraction,
            view.choices.random_pixels,
            view.choices.hard_pixels,
        )
        return (losses * self._own_share(weights, losses)).sum()

    def _check_finite(self, *inputs: Tensor) -> None:
        """Check features and maps of view 1, then of view 2; see :class:`FiniteCheck`."""
        broken = self.finite_check.find_broken(*inputs)
        views = [sorted(set(features) | set(maps)) for features, maps in (broken[:2], broken[2:])]
        if any(views):
            places = [(photo, view) for view, found in enumerate(views, 1) for photo in found]
            photos = ', '.join(f'photo {photo} of view {view}' for photo, view in places)
            raise ValueError(
                f'NaN or infinity in class maps or features: {photos} (photos of the batch, counted from 0): the '
                'training has diverged'
            )

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *arguments) -> None:
        # a checkpoint converted from the official code has no step
        state_dict.setdefault(f'{prefix}step', torch.zeros_like(self.step))
        self._steps = int(state_dict[f'{prefix}step'])
        super()._load_from_state_dict(state_dict, prefix, *arguments)


def draw_keys(count: int, seed: int, step: int, number: int) -> Tensor:
    """Draw ``(count,)`` random numbers that depend on nothing but the arguments, so that all processes agree.

    Args:
        count: How many.
        seed: Of the run.
        step: Of the training.
        number: 0 or 1 for the view.
    """
    # torch's CPU generator reads 32 bits of the seed
    generator = torch.Generator().manual_seed((seed * 1000003 + 2 * step + number) % 2**32)
    return torch.rand(count, generator=generator)


def _check_shapes(features1: Tensor, maps1: Tensor, features2: Tensor, maps2: Tensor, tags: Tensor) -> None:
    for view, features, maps in ((1, features1, maps1), (2, features2, maps2)):
        if len(features) != len(tags) or maps.shape[:2] != (len(tags), tags.shape[1] + 1):
            raise ValueError(
                f'Class maps of view {view} must be ({len(tags)}, {tags.shape[1] + 1}, h, w) for tags '
                f'{tuple(tags.shape)}, background first, and features as many; got {tuple(maps.shape)} and '
                f'{tuple(features.shape)}'
            )
