# AffinityNet: training on labels mined from CAMs, and making pseudo semantic masks from CAMs.
train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadInterPixelLabels'),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomColorJitter', brightness=.3, contrast=.3, saturation=.3, hue=.1),
    dict(type='RandomCropAndPad', crop_size=448),
    dict(type='PackTagInputs'),
]
test_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadEvaluationMasks'),
    dict(type='LoadCAMs'),
    dict(type='PackTagInputs'),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='VOCTagDataset', filter_cfg=dict(filter_empty_tags=True), pipeline=train_pipeline))
test_dataloader = dict(
    batch_size=1,
    num_workers=2,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type='VOCTagDataset',
        with_masks=True,
        test_mode=True,
        filter_cfg=dict(filter_empty_tags=True),
        pipeline=test_pipeline))

test_evaluator = [
    dict(type='SemanticMaskWriter'),
    dict(type='SemanticIoUMetric'),
]
test_cfg = dict(type='PseudoLabelLoop')
