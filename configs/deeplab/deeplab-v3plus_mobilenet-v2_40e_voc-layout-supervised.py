# The same DeepLab trained on the true masks, for comparison only.
_base_ = './deeplab-v3plus_mobilenet-v2_40e_voc-layout.py'
train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadEvaluationMasks'),
    dict(type='LoadSemanticFromMasks'),
    dict(type='RandomResizeLongSide', length_range=(224, 416)),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomCropAndPad', crop_size=256),
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
