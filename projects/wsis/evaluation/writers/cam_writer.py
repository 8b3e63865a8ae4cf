"""Writing CAMs."""

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmengine.registry import METRICS
from mmengine.structures import InstanceData

from ...structures.cam_file import read_cams
from ...structures.finite_maps import check_finite_maps
from .store_writer import StoreWriter


@METRICS.register_module()
class CAMWriter(StoreWriter):
    """Writes CAMs as npz: ``cams`` (K, h, w) float16 in [0, 1], ``labels`` (K,) int64, ``size`` (H, W), the
    class scores ``scores`` (C,) float32 and the ``mode`` in which the classes were chosen.

    Args:
        out_dir: Folder of the store; by default ``<work dir>/cams``, or the name of another ``field``.
        field: Where the CAMs are in data samples: ``pred_cams``, or one of ``other_sizes`` of the classifier.
    """

    def __init__(self, out_dir: str | None = None, field: str = 'pred_cams', **kwargs) -> None:
        super().__init__(out_dir, 'cams', '.npz', folder=field.removeprefix('pred_'), **kwargs)
        self.field = field

    def round(self, sample: dict) -> None:
        """Round CAMs to float16: what the metrics see is what is stored."""
        if self.field not in sample:
            raise ValueError(f'The model gives no {self.field}: name this size in other_sizes of its test_cfg')
        cams = sample[self.field]
        check_finite_maps(sample['img_id'], 'CAMs', cams['cams'])
        cams['cams'] = cams['cams'].half().float()

    def write(self, sample: dict) -> None:
        """Write the CAMs of one photo."""
        cams = sample[self.field]
        self.store.write_arrays(
            sample['img_id'],
            cams=cams['cams'].half().cpu().numpy(),
            labels=cams['labels'].cpu().numpy(),
            size=np.array(sample['ori_shape'], np.int64),
            scores=sample['pred_scores'].float().cpu().numpy(),
            mode=np.array(sample['mode']),
        )

    def load(self, sample: DetDataSample) -> None:
        """Read the CAMs of one photo."""
        arrays = read_cams(self.store, sample.img_id)
        cams = torch.from_numpy(arrays['cams']).float()
        setattr(sample, self.field, InstanceData(cams=cams, labels=torch.from_numpy(arrays['labels'])))
        sample.pred_scores = torch.from_numpy(arrays['scores'])
        sample.set_metainfo(dict(mode=str(arrays['mode'])))
