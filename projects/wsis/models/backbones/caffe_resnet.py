"""The ResNet of Caffe, whose weights DeepLab V2 was published with."""

from mmdet.models.backbones import ResNet
from mmengine.registry import MODELS


@MODELS.register_module()
class CaffeResNet(ResNet):
    """mmdet's ResNet with what Caffe does otherwise: pooling rounds sizes up, and 1x1 convolutions have the strides.

    So a side of 240 pixels has 61 pixels after the stem, not 60. Arguments and weights are those of mmdet's ``ResNet``.
    """

    def __init__(self, *args, style: str = 'caffe', **kwargs) -> None:
        super().__init__(*args, style=style, **kwargs)
        self.maxpool.ceil_mode = True
