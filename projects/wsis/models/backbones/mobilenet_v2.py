"""MobileNetV2 with an output stride of choice."""

from mmcv.cnn import ConvModule
from mmdet.models.backbones import MobileNetV2
from mmengine.registry import MODELS


@MODELS.register_module()
class StridedMobileNetV2(MobileNetV2):
    """mmdet's MobileNetV2 (same keys, same weights) whose last strides are 1, so that maps are finer than stride 32.

    As in IRNet's ResNet no dilation takes their place. Layers after the last level that is given are not trained, as
    they would get no gradient, which training in several processes does not allow.

    Args:
        output_stride: Stride of the last level: 8, 16 or 32.
        kwargs: Arguments of mmdet's ``MobileNetV2``.

    Raises:
        ValueError: If the output stride is another number.
    """

    def __init__(self, output_stride: int = 16, **kwargs) -> None:
        if output_stride not in (8, 16, 32):
            raise ValueError(f'output_stride is 8, 16 or 32, not {output_stride}')
        super().__init__(**kwargs)
        stride = 2  # of conv1
        for name in self.layers[:-1]:
            depthwise = [
                module.conv
                for module in getattr(self, name).modules()
                if isinstance(module, ConvModule) and module.conv.stride == (2, 2)
            ]
            for conv in depthwise:
                if stride == output_stride:
                    conv.stride = (1, 1)
                else:
                    stride *= 2
        for name in self.layers[max(self.out_indices) + 1 :]:
            getattr(self, name).requires_grad_(False)
