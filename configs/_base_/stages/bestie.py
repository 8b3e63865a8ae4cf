# BESTIE, with the sizes of the official code: long side about 448, scaled by .7 to 1.3, crop 416; at test time both sides
# rounded up to multiples of 32.
_base_ = './evaluation.py'
train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadSemanticMasks'),
    dict(type='LoadPoints', min_score=.7),
    dict(type='mmseg.PhotoMetricDistortion', brightness_delta=16, saturation_range=(1., 1.), hue_delta=18),
    dict(type='RandomResizeLongSide', length_range=(314, 583), interpolation='bilinear'),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomCropAndPad', crop_size=416),
    dict(type='GenerateInstancePseudoLabels', min_area=50),
    dict(type='PackTagInputs'),
]
test_pipeline = [
    *_base_.load_new_image,
    dict(type='mmseg.ResizeToMultiple', size_divisor=32),
    dict(type='PackTagInputs'),
]
train_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(filter_cfg=dict(filter_empty_tags=True), pipeline=train_pipeline))
auto_scale_lr = dict(enable=False, base_batch_size=16)
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader

val_evaluator = [
    dict(type='VOCInstanceMetric'),
    dict(type='PhotoCocoMetric', metric=['bbox', 'segm'], format_only=False),
    dict(type='SemanticIoUMetric'),
]
test_evaluator = val_evaluator
# batch normalisation over the batch of all processes
sync_bn = 'torch'
# without this hook there is instance-aware guidance only, no refinement
custom_hooks = [dict(type='SelfRefinementHook', begin=0)]
