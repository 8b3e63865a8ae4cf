"""The classifier whose class maps are read out as peaks."""

import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmengine.registry import MODELS
from mmengine.structures import InstanceData

from ...ops import find_peaks
from ...structures.finite_maps import check_finite_maps
from .cam_classifier import CAMS, CAMClassifier, CAMSize


@MODELS.register_module()
class PeakClassifier(CAMClassifier):
    """A multi-label classifier whose class maps give points of objects (PAM of BESTIE, Kim et al., CVPR 2022).

    Each view's maps are divided by their own maximum, then averaged over views and over 3x3 pixels; peaks are the
    pixels that are the maximum of the window around them; of neighbours of equal height one is.

    Args:
        test_cfg: As in :class:`CAMClassifier` (``stride`` is 1, as peaks are pixels of the photo), and ``peak_kernel``:
            side of the window (15), ``peak_threshold``: lowest value of a peak (.1), ``max_peaks`` of a class (25).
        kwargs: Arguments of :class:`CAMClassifier`.

    Raises:
        ValueError: If ``stride`` is not 1.
    """

    def __init__(self, *args, test_cfg: dict | None = None, **kwargs) -> None:
        test_cfg = {'stride': 1, **(test_cfg or {})}
        peak_settings = dict(
            kernel=test_cfg.pop('peak_kernel', 15),
            threshold=test_cfg.pop('peak_threshold', 0.1),
            topk=test_cfg.pop('max_peaks', 25),
        )
        super().__init__(*args, test_cfg=test_cfg, **kwargs)
        if (stride := self.sizes[CAMS].stride) != 1:
            raise ValueError(f'Peaks are pixels of the photo: test_cfg.stride must be 1, not {stride}')
        self.peak_settings = peak_settings

    def resize_to_photo(self, maps: torch.Tensor, photo_size: tuple[int, int], size: CAMSize) -> torch.Tensor:
        """Resize class maps (C, h, w) of one view to its photo (H, W), each divided by its maximum."""
        maps = super().resize_to_photo(maps, photo_size, size)
        return maps / (maps.amax((1, 2), keepdim=True) + 1e-5)

    def finish_sample(
        self, sample: DetDataSample, labels: torch.Tensor, maps: dict[str, torch.Tensor], num_views: int = 1
    ) -> DetDataSample:
        """Add ``pred_cams``, and ``pred_peaks``: ``points`` (M, 2) (y, x), ``labels`` and ``scores`` (M,) in [0, 1]."""
        maps = {name: own.float() for name, own in maps.items()}  # places of peaks come in the type of the maps
        check_finite_maps(sample.get('img_id', '?'), 'class maps', maps[CAMS])
        super().finish_sample(sample, labels, maps, num_views)
        smooth = F.avg_pool2d(maps[CAMS][:, None] / num_views, 3, stride=1, padding=1).transpose(0, 1)  # 1, K, H, W
        # enlarging repeats the outermost cells: an object there has a plateau, and would have many peaks
        peaks = find_peaks(smooth, **self.peak_settings, alone=True)
        sample.pred_peaks = InstanceData(
            points=peaks[:, 2:4].long(), labels=labels[peaks[:, 1].long()], scores=peaks[:, 4].clamp(max=1)
        )
        return sample
