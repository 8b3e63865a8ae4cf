"""Resizing photos to fit into a size, whatever their shape."""

from mmcv.image import rescale_size
from mmcv.transforms import Resize
from mmengine.registry import TRANSFORMS


@TRANSFORMS.register_module()
class ResizeWithin(Resize):
    """mmcv's ``Resize`` with ``keep_ratio``, in which no side gets shorter than a pixel.

    mmcv's own stops at photos that are much longer than wide. All others become what mmcv makes of them.

    Args:
        scale: (long side, short side) that the photo fits into.
        kwargs: Further arguments of ``Resize``.
    """

    def __init__(self, scale: tuple[int, int], **kwargs) -> None:
        super().__init__(scale=scale, keep_ratio=False, **kwargs)

    def transform(self, results: dict) -> dict:
        """Resize a photo and what was loaded with it. Keys as in mmcv's ``Resize``."""
        height, width = results['img'].shape[:2]
        results['scale'] = tuple(max(1, side) for side in rescale_size((width, height), self.scale))
        self._resize_img(results)
        self._resize_bboxes(results)
        self._resize_seg(results)
        self._resize_keypoints(results)
        return results
