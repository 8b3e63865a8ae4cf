"""What classifiers with two views of each photo share."""

from mmdet.structures import DetDataSample
from mmengine.registry import MODELS
from torch import Tensor

from ...ops.class_maps import resize_aligned
from ...structures.finite_maps import FiniteCheck
from .cam_classifier import CAMClassifier


class TwoViewClassifier(CAMClassifier):
    """A classifier that is trained on each photo and a reduced copy of it, with PPC's contrast as a switch.

    The contrast (Du et al., CVPR 2022) ties the features of both views; it and its projector are not there at
    inference.

    Args:
        backbone: Backbone.
        head: Head; its channels are set here.
        second_view: How the copy is made, on the device: ``dict(scale_factor=.3)`` or ``dict(size=(128, 128))``.
        contrast_head: ``PPCHead``, or None to train without the contrast; its ``in_channels`` are set here.
        kwargs: Arguments of :class:`CAMClassifier`.
    """

    training_only: tuple[str, ...] = ('contrast_head.',)

    def __init__(
        self, backbone: dict, head: dict, second_view: dict, contrast_head: dict | None = None, **kwargs
    ) -> None:
        super().__init__(backbone, head, **kwargs)
        self.second_view = check_second_view(second_view)
        self.finite_check = FiniteCheck()
        self.contrast_head = None
        if contrast_head is not None:
            self.contrast_head = MODELS.build({'in_channels': self.head.classifier.in_channels, **contrast_head})

    def check_finite(self, data_samples: list[DetDataSample], *maps: Tensor) -> None:
        """Check that class maps (N, ...), each of all images, hold numbers only; see :class:`FiniteCheck`.

        Raises:
            ValueError: If they do not; the message names the images.
        """
        broken = sorted(set().union(*self.finite_check.find_broken(*maps)))
        if broken:
            photos = ', '.join(str(data_samples[index].get('img_id', '?')) for index in broken[:3])
            raise ValueError(
                f'The class maps of {len(broken)} photos of the batch are not finite (photos: {photos}): the training '
                'has diverged, or a photo or a weight is damaged; lower the learning rate or look at them'
            )


def check_second_view(second_view: dict) -> dict:
    """Return how the second view is made.

    Args:
        second_view: Either way; a config that inherits one takes it back with None.

    Raises:
        ValueError: If it is neither ``dict(scale_factor=)`` nor ``dict(size=)``.
    """
    given = {name: value for name, value in second_view.items() if value is not None}
    if len(given) != 1 or not set(given) <= {'scale_factor', 'size'}:
        raise ValueError(f'second_view is dict(scale_factor=.3) or dict(size=(128, 128)), not {dict(second_view)}')
    return given


def make_second_view(photos: Tensor, scale_factor: float | None = None, size: tuple[int, int] | None = None) -> Tensor:
    """Return photos (N, 3, H, W) resized on their device (bilinear, corners aligned) to (N, 3, h, w).

    Args:
        photos: Normalised photos.
        scale_factor: Factor of both sides (SEAM: .3), rounded down.
        size: (h, w) instead (PPC: 128, 128).
    """
    if size is None:
        size = [max(1, int(length * scale_factor)) for length in photos.shape[-2:]]
    return resize_aligned(photos, tuple(size))
