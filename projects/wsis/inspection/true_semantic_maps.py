"""BESTIE that reads instances out of the true semantic maps, to measure its instance branch alone."""

import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import MODELS

from ..models.detectors.bestie import BESTIE
from ..models.heads.instance_head import InstanceMaps


@MODELS.register_module()
class BESTIEOnTrueSemanticMaps(BESTIE):
    """BESTIE that reads instances out of the true semantic map of each photo.

    Args:
        use_centers: False leaves the centre maps out, so that each component is one instance.
        kwargs: What BESTIE takes.
    """

    def __init__(self, use_centers: bool = True, **kwargs) -> None:
        super().__init__(**kwargs)
        self.use_centers = use_centers

    def _finish_sample(self, sample: DetDataSample, maps: InstanceMaps) -> None:
        if 'gt_sem_seg' not in sample:
            raise ValueError(f'{sample.img_id} has no mask in the data set: take photos that have one')
        labels = sample.gt_sem_seg.data.long().to(maps.semantic.device)
        labels = labels.masked_fill(labels > self.head.num_classes, 0)  # ignored pixels are of no object
        semantic = F.one_hot(labels, self.head.num_classes + 1).permute(0, 3, 1, 2).to(maps.semantic)
        center = maps.center if self.use_centers else maps.center.new_zeros(maps.center.shape)
        super()._finish_sample(sample, InstanceMaps(semantic, center, maps.offset))


def put_true_maps_in_place(cfg: Config, use_centers: bool) -> None:
    """Change the model of a config, in place.

    Raises:
        ValueError: If it is no BESTIE, or makes labels: those must not be made of true masks.
    """
    if cfg.model.type != 'BESTIE':
        raise ValueError(f'the model is {cfg.model.type}, not BESTIE: give one of configs/bestie')
    if cfg.model.get('test_cfg', {}).get('mode', 'predict') != 'predict':
        raise ValueError('this config makes labels, which must know nothing of true masks: give the one of training')
    cfg.model.update(type='BESTIEOnTrueSemanticMaps', use_centers=use_centers)
