"""Random changes of colour."""

import cv2
import mmcv
import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomColorJitter(BaseTransform):
    """Change brightness, contrast, saturation and hue at random, in random order, as in SEAM and PPC.

    Args:
        brightness: The factor is drawn from ``1 - brightness`` to ``1 + brightness``; like it ``contrast`` and
            ``saturation``.
        contrast: See above.
        saturation: See above.
        hue: The shift is drawn from ``-hue`` to ``hue``, as a part of the whole circle; at most .5.

    Raises:
        ValueError: If a range is negative or too wide.
    """

    def __init__(
        self, brightness: float = 0.3, contrast: float = 0.3, saturation: float = 0.3, hue: float = 0.1
    ) -> None:
        for name, width, limit in (
            ('brightness', brightness, 1),
            ('contrast', contrast, 1),
            ('saturation', saturation, 1),
            ('hue', hue, 0.5),
        ):
            if not 0 <= width <= limit:
                raise ValueError(f'{name} of RandomColorJitter is in [0, {limit}], not {width}')
        self.changes = (
            (mmcv.adjust_brightness, 1, brightness),
            (mmcv.adjust_contrast, 1, contrast),
            (mmcv.adjust_color, 1, saturation),
            (shift_hue, 0, hue),
        )

    def transform(self, results: dict) -> dict:
        """Change ``img`` (H, W, 3), uint8, BGR."""
        image = results['img']
        for place in np.random.permutation(len(self.changes)):
            change, middle, width = self.changes[place]
            if width:
                image = change(image, np.random.uniform(middle - width, middle + width)).astype(results['img'].dtype)
        results['img'] = image
        return results


@TRANSFORMS.register_module()
class RandomHSVShift(BaseTransform):
    """Shift hue, saturation and value of a photo by three random numbers, as DeepLab in the official code of PPC.

    Numbers are those of OpenCV in 8 bits: hue from 0 to 179, which wraps; the others from 0 to 255, where they stop.
    Why not mmdet's ``YOLOXHSVRandomAug``: it leaves every shift out half of the time.

    Args:
        hue: The shift is a whole number from ``-hue`` to ``hue``; like it ``saturation`` and ``value``.
        saturation: See above.
        value: See above.

    Raises:
        ValueError: If a range is no whole number from 0 on.
    """

    def __init__(self, hue: int = 10, saturation: int = 10, value: int = 10) -> None:
        for name, width in (('hue', hue), ('saturation', saturation), ('value', value)):
            if not isinstance(width, int) or width < 0:
                raise ValueError(f'{name} of RandomHSVShift is a whole number from 0 on, not {width!r}')
        self.ranges = np.array((hue, saturation, value))

    def transform(self, results: dict) -> dict:
        """Shift ``img`` (H, W, 3), uint8, BGR."""
        hsv = cv2.cvtColor(results['img'], cv2.COLOR_BGR2HSV).astype(np.int64)
        hsv += np.random.randint(-self.ranges, self.ranges + 1)
        hsv[..., 0] %= 180
        hsv[..., 1:] = hsv[..., 1:].clip(0, 255)
        results['img'] = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2BGR)
        return results


def shift_hue(image: np.ndarray, part: float) -> np.ndarray:
    """Turn the hue of a photo (H, W, 3), uint8, BGR, by a part of the whole circle, of either sign.

    ``mmcv.adjust_hue`` of mmcv 2.1 cannot turn backwards with numpy 2.
    """
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV_FULL)
    hsv[..., 0] += np.uint8(int(part * 255) % 256)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR_FULL)
