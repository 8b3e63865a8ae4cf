# SEAM, with or without PPC: classifier and CAMs as in cam.py, with the crops, colours and whole batches of the official code.
_base_ = './cam.py'
train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='RandomResizeLongSide', length_range=(448, 768)),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomColorJitter', brightness=.3, contrast=.3, saturation=.3, hue=.1),
    dict(type='RandomCropAndPad', crop_size=448),
    dict(type='PackTagInputs'),
]
train_dataloader = dict(batch_size=8, drop_last=True, dataset=dict(pipeline=train_pipeline))
auto_scale_lr = dict(base_batch_size=8)
test_evaluator = [
    dict(type='CAMWriter'),
    dict(type='MultiLabelMetric'),
    dict(type='SeedIoUMetric', background_threshold=.26),
]
