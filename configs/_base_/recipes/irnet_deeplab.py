# From tags to a segmentation model: any classifier -> CAMs -> inter-pixel labels -> IRNet -> pseudo masks -> DeepLab.
_base_ = ['./irnet.py', './deeplab.py']
stages = [
    *[stage for stage in _base_.stages if stage.name in ('classifier', 'cams', 'inter_pixel_labels', 'irnet')],
    *[dict(stage, number='semantic/mIoU') for stage in _base_.stages if stage.name == 'pseudo_labels'],
    *_base_.deeplab_stages,
]
