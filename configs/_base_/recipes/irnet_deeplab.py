# From tags to a segmentation model: any classifier -> CAMs -> inter-pixel labels -> IRNet -> pseudo masks -> DeepLab.
_base_ = ['./irnet.py', './deeplab.py']
stages = [*_base_.irnet_stages, dict(_base_.pseudo_labels, number='semantic/mIoU'), *_base_.deeplab_stages]
