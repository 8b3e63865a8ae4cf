# AffinityNet: training on labels mined from CAMs, and making pseudo semantic masks from CAMs.
_base_ = './weak_training.py'
train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadInterPixelLabels'),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomColorJitter', brightness=.3, contrast=.3, saturation=.3, hue=.1),
    dict(type='RandomCropAndPad', crop_size=448),
    dict(type='PackTagInputs'),
]
train_dataloader = dict(
    batch_size=8,
    drop_last=True,
    dataset=dict(filter_cfg=dict(filter_empty_tags=True), pipeline=train_pipeline))
auto_scale_lr = dict(base_batch_size=8)

test_evaluator = [
    dict(type='SemanticMaskWriter'),
    dict(type='SemanticIoUMetric'),
]
