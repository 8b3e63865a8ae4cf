# DeepLab on pseudo semantic masks: training, and evaluation on val at several scales and mirrored.
_base_ = ['./evaluation.py', './views.py']
train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadSemanticMasks'),
    dict(type='RandomRescale', factor_range=(.5, 1.5)),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomCropAndPad', crop_size=321),
    dict(type='PackSegInputs'),
]
test_pipeline = [*_base_.load_new_image, dict(type='PackTagInputs')]
tta_pipeline = [
    *_base_.load_with_masks,
    dict(
        type='mmcv.TestTimeAug',
        transforms=[
            [dict(type='mmcv.Resize', scale_factor=factor, keep_ratio=True) for factor in (.5, .75, 1., 1.25, 1.5)],
            *_base_.mirrored,
        ]),
]

train_dataloader = dict(
    batch_size=10,
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(filter_cfg=dict(filter_empty_tags=True), pipeline=train_pipeline))
auto_scale_lr = dict(enable=False, base_batch_size=10)
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader

val_evaluator = dict(type='SemanticIoUMetric')
test_evaluator = val_evaluator
# batch normalisation over the batch of all processes
sync_bn = 'torch'
tta = True
# crf=True refines the averaged probabilities by a dense CRF
tta_model = dict(type='SemanticTTAModel', mode='predict', crf=None)
