# IRNet: training on inter-pixel labels, the displacement mean, and making pseudo labels from CAMs.
_base_ = './weak_training.py'
train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadInterPixelLabels'),
    dict(type='RandomRescale', factor_range=(.5, 1.5)),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomCropAndPad', crop_size=512),
    dict(type='PackTagInputs'),
]
mean_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='RandomCropAndPad', crop_size=512, random=False),
    dict(type='PackTagInputs'),
]
train_dataloader = dict(
    batch_size=32,
    drop_last=True,
    dataset=dict(filter_cfg=dict(filter_empty_tags=True), pipeline=train_pipeline))
auto_scale_lr = dict(base_batch_size=32)
mean_dataloader = dict(
    batch_size=8,
    num_workers=4,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(test_mode=True, filter_cfg=dict(filter_empty_tags=True), pipeline=mean_pipeline))
custom_hooks = [dict(type='DisplacementMeanHook', dataloader='mean_dataloader')]

test_evaluator = [
    dict(type='SemanticMaskWriter'),
    dict(type='InstanceWriter'),
    dict(type='SemanticIoUMetric'),
    dict(type='VOCInstanceMetric'),
]
