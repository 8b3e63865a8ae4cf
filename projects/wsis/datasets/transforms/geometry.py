"""Resizing and cropping as in the weakly-supervised papers."""

import cv2
import numpy as np
from mmcv.image.geometric import cv2_interp_codes
from mmcv.transforms import BaseTransform, RandomResize, Resize
from mmcv.transforms.utils import cache_randomness
from mmengine.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomResizeLongSide(RandomResize):
    """Resize a photo so that its longer side has a random length; label maps are resized too (nearest).

    Args:
        length_range: Shortest and longest side length in pixels, both included.
        interpolation: How the photo is interpolated, as in mmcv's ``Resize``.
    """

    def __init__(self, length_range: tuple[int, int], interpolation: str = 'bicubic') -> None:
        super().__init__(
            scale=tuple(length_range), resize_type='mmcv.Resize', keep_ratio=True, interpolation=interpolation
        )
        self.length_range = length_range

    @cache_randomness
    def _random_scale(self) -> tuple[int, int]:
        length = np.random.randint(self.length_range[0], self.length_range[1] + 1)
        return length, length


@TRANSFORMS.register_module()
class RandomRescale(BaseTransform):
    """Resize a photo by a random factor; label maps are resized too (nearest).

    Args:
        factor_range: Smallest and largest factor; equal ones for a fixed factor.
        interpolation: How the photo is interpolated, as in mmcv's ``Resize``.
        by_factor: Whether OpenCV resizes by the factor itself, as official codes let it: it rounds a side that would
            end in half a pixel to the even number, and samples in steps of 1 / factor. mmcv's ``Resize`` rounds it up,
            and samples in steps of the old by the new side.
        factors: Factors of which one is drawn, in the place of any factor of the range.
        round_down: Whether sides are cut to whole pixels, as in kazuto1011/deeplab-pytorch.

    Raises:
        ValueError: If both ``by_factor`` and ``round_down`` are asked for.
    """

    def __init__(
        self,
        factor_range: tuple[float, float] = (1.0, 1.0),
        interpolation: str = 'bicubic',
        by_factor: bool = False,
        factors: tuple[float, ...] | None = None,
        round_down: bool = False,
    ) -> None:
        if by_factor and round_down:
            raise ValueError('RandomRescale: by_factor rounds as OpenCV does, so it cannot go with round_down')
        self.factor_range = factor_range
        self.interpolation = interpolation
        self.by_factor = by_factor
        self.factors = factors
        self.round_down = round_down

    def transform(self, results: dict) -> dict:
        """Resize by one random factor."""
        factor = np.random.uniform(*self.factor_range) if self.factors is None else np.random.choice(self.factors)
        if not (self.by_factor or self.round_down):
            return Resize(scale_factor=factor, keep_ratio=True, interpolation=self.interpolation)(results)
        to_pixels = int if self.round_down else round
        height, width = results['img'].shape[:2]
        scale = to_pixels(width * factor), to_pixels(height * factor)
        if self.by_factor and min(scale) > 0:
            return _ResizeByFactor(factor, self.interpolation)(results)
        scale = max(1, scale[0]), max(1, scale[1])
        return Resize(scale=scale, keep_ratio=False, interpolation=self.interpolation)(results)


class _ResizeByFactor(Resize):
    """mmcv's ``Resize`` by OpenCV's own way with a factor."""

    def __init__(self, factor: float, interpolation: str) -> None:
        super().__init__(scale_factor=float(factor), keep_ratio=True, interpolation=interpolation)

    def _resize_img(self, results: dict) -> None:
        results['img'] = self._resize(results['img'], self.interpolation)
        results['img_shape'] = results['img'].shape[:2]
        results['scale_factor'] = self.scale_factor
        results['keep_ratio'] = self.keep_ratio

    def _resize_seg(self, results: dict) -> None:
        if results.get('gt_seg_map') is not None:
            results['gt_seg_map'] = self._resize(results['gt_seg_map'], 'nearest')

    def _resize_keypoints(self, results: dict) -> None:
        super()._resize_keypoints(results)
        if results.get('gt_keypoints') is not None:
            height, width = results['img_shape']
            # where a side was rounded down, a point of the last pixel would lie beyond it
            last = np.nextafter(np.float32((width, height)), np.float32(0))
            results['gt_keypoints'][..., :2] = np.minimum(results['gt_keypoints'][..., :2], last)

    def _resize(self, image: np.ndarray, interpolation: str) -> np.ndarray:
        across, down = self.scale_factor
        return cv2.resize(image, None, fx=across, fy=down, interpolation=cv2_interp_codes[interpolation])


@TRANSFORMS.register_module()
class ResizeToMultiplePlusOne(BaseTransform):
    """Resize a photo so that both sides are a multiple of a number plus one, as Panoptic-DeepLab and BESTIE do.

    The shorter side is rounded up, which changes the shape of the photo a little. Label maps are resized too (nearest),
    and points go along.

    Args:
        long_side: Length of the longer side in pixels.
        divisor: The number.
        interpolation: How the photo is interpolated, as in mmcv's ``Resize``.

    Raises:
        ValueError: If the longer side is no multiple plus one.
    """

    def __init__(self, long_side: int = 449, divisor: int = 32, interpolation: str = 'bilinear') -> None:
        if divisor < 1 or long_side <= divisor or long_side % divisor != 1 % divisor:
            raise ValueError(
                f'ResizeToMultiplePlusOne: long_side is a multiple of divisor plus one, not {long_side} for {divisor}'
            )
        self.long_side = long_side
        self.divisor = divisor
        self.interpolation = interpolation

    def transform(self, results: dict) -> dict:
        """Resize by about one factor. Keys as in mmcv's ``Resize``."""
        height, width = results['img'].shape[:2]
        factor = self.long_side / max(height, width)
        scale = self._round_up(int(width * factor)), self._round_up(int(height * factor))
        return Resize(scale=scale, keep_ratio=False, interpolation=self.interpolation)(results)

    def _round_up(self, length: int) -> int:
        return length + (1 - length) % self.divisor


@TRANSFORMS.register_module()
class RandomCropAndPad(BaseTransform):
    """Crop a random square from a photo; a smaller photo is placed at a random position on a plain background.

    The label map ``gt_seg_map``, if there is one, is cropped too, padded with 255; a saliency map in its place
    (:class:`LoadSaliency`) with 0, as nothing outside the photo is salient. Points (:class:`LoadPoints`) go
    along, and those outside are dropped.

    Args:
        crop_size: Side of the square in pixels.
        pad_value: Colour (B, G, R) of the ground; the mean colour of ImageNet, which is 0 after normalisation.
        label_pad_value: Label outside the photo.
        random: Whether place is random; else the top left corner is taken.
        random_ground: Whether a smaller photo lies at a random place of the ground; else in its top left corner.
    """

    def __init__(
        self,
        crop_size: int,
        pad_value: tuple[float, float, float] = (103.53, 116.28, 123.675),
        label_pad_value: int = 255,
        random: bool = True,
        random_ground: bool = True,
    ) -> None:
        self.crop_size = crop_size
        self.pad_value = pad_value
        self.label_pad_value = label_pad_value
        self.random = random
        self.random_ground = random and random_ground

    def transform(self, results: dict) -> dict:
        """Crop photo and label map alike."""
        height, width = results['img'].shape[:2]
        (y_from, y_to, rows), (x_from, x_to, columns) = self._place(height), self._place(width)
        image = np.empty((self.crop_size, self.crop_size, 3), results['img'].dtype)
        image[:] = np.round(self.pad_value).astype(image.dtype)
        image[y_to : y_to + rows, x_to : x_to + columns] = results['img'][
            y_from : y_from + rows, x_from : x_from + columns
        ]
        results['img'] = image
        results['img_shape'] = image.shape[:2]
        if 'gt_seg_map' in results:
            pad_value = 0 if results.get('seg_map_kind') == 'saliency' else self.label_pad_value
            label = np.full(image.shape[:2], pad_value, results['gt_seg_map'].dtype)
            label[y_to : y_to + rows, x_to : x_to + columns] = results['gt_seg_map'][
                y_from : y_from + rows, x_from : x_from + columns
            ]
            results['gt_seg_map'] = label
        if 'gt_keypoints' in results:
            self._move_points(results, (x_to - x_from, y_to - y_from))
        return results

    def _move_points(self, results: dict, shift: tuple[int, int]) -> None:
        points = results['gt_keypoints'] + np.array(shift, np.float32)
        inside = ((points >= 0) & (points < self.crop_size)).all((1, 2))
        results['gt_keypoints'] = points[inside]
        results['point_labels'] = results['point_labels'][inside]

    def _place(self, length: int) -> tuple[int, int, int]:
        """Return where to cut from, where to place it, and how many pixels, along one axis."""
        space = self.crop_size - length
        offset = np.random.randint(abs(space) + 1) if (self.random_ground if space > 0 else self.random) else 0
        return (0, offset, length) if space > 0 else (offset, 0, self.crop_size)
