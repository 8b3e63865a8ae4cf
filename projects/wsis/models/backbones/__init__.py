"""Backbones that mmdet and mmseg do not have."""

from .mobilenet_v2 import StridedMobileNetV2
from .resnet_with_stem import ResNetWithStem

__all__ = ['ResNetWithStem', 'StridedMobileNetV2']
