# The same DeepLab trained on the true masks, for comparison only.
_base_ = './deeplab-v2_r18_20e_demo.py'
train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadEvaluationMasks'),
    dict(type='LoadSemanticFromMasks'),
    dict(type='RandomRescale', factor_range=(.75, 1.25)),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomCropAndPad', crop_size=160),
    dict(type='PackSegInputs'),
]
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='VOCTagDataset',
        with_masks=True,
        filter_cfg=dict(filter_empty_tags=True),
        pipeline=train_pipeline,
        **_base_.label_dataset))
