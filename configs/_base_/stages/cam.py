# Classifier and CAMs, with the sizes of the official code of IRNet. Classifiers also learn from images without tags, as
# negatives; a data set whose `weak_dataset` has a filter_cfg leaves them out.
_base_ = './weak_training.py'
train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='RandomResizeLongSide', length_range=(320, 640)),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomCropAndPad', crop_size=512),
    dict(type='PackTagInputs'),
]
test_pipeline = [dict(type='LoadPhoto'), dict(type='PackTagInputs')]
tta_pipeline = [
    *_base_.load_with_masks,
    dict(
        type='mmcv.TestTimeAug',
        transforms=[
            [dict(type='mmcv.Resize', scale_factor=factor, keep_ratio=True, interpolation='bicubic')
             for factor in (1., .5, 1.5, 2.)],
            *_base_.mirrored,
        ]),
]
# the same, resized by PIL as in the official codes of IRNet, SEAM, EPS and PPC
pil_tta_pipeline = [
    *_base_.load_with_masks,
    dict(
        type='mmcv.TestTimeAug',
        transforms=[
            [dict(type='PILRescale', factor_range=(factor, factor)) for factor in (1., .5, 1.5, 2.)],
            *_base_.mirrored,
        ]),
]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(test_mode=True, pipeline=test_pipeline))
# CAMs of the training images; masks, if there are any, are read by the seed metric only
test_dataloader = dict(dataset=dict(pipeline=tta_pipeline))

val_evaluator = dict(type='MultiLabelMetric')
test_evaluator = [
    dict(type='CAMWriter'),
    dict(type='MultiLabelMetric'),
    dict(type='SeedIoUMetric', background_threshold=.15),
]

tta = True
tta_model = dict(type='CAMTTAModel')
val_cfg = dict(type='ValLoop')
