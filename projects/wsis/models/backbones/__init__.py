"""Backbones that mmdet and mmseg do not have."""

from .caffe_resnet import CaffeResNet
from .mobilenet_v2 import StridedMobileNetV2
from .resnet38 import ResNet38
from .resnet_with_stem import ResNetWithStem
from .vgg16 import VGG16

__all__ = ['CaffeResNet', 'VGG16', 'ResNet38', 'ResNetWithStem', 'StridedMobileNetV2']
