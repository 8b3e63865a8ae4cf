# A light backbone for any of the models: `backbone=dict(_delete_=True, out_indices=..., **_base_.mobilenet_v2)`.
# Weights: a file or URL with the keys of mmdet's MobileNetV2. Choose another file by
# `--cfg-options model.backbone.init_cfg.checkpoint=FILE`.
mobilenet_v2 = dict(
    type='StridedMobileNetV2',
    output_stride=16,
    init_cfg=dict(type='Pretrained', checkpoint='open-mmlab://mmdet/mobilenet_v2'))
# in training the stem, the first stages and the statistics of BN stay fixed
mobilenet_v2_trained = dict(frozen_stages=2, norm_eval=True, **mobilenet_v2)
