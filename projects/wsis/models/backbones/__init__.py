"""Backbones that mmdet and mmseg do not have."""

from .mobilenet_v2 import StridedMobileNetV2
from .resnet38 import ResNet38
from .resnet_with_stem import ResNetWithStem

__all__ = ['ResNet38', 'ResNetWithStem', 'StridedMobileNetV2']
