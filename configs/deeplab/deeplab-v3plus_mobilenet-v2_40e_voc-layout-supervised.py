# The same DeepLab trained on the true masks, for comparison only.
_base_ = './deeplab-v3plus_mobilenet-v2_40e_voc-layout.py'
train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadEvaluationMasks'),
    dict(type='LoadSemanticFromMasks'),
    *_base_.train_pipeline[2:],
]
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='VOCTagDataset',
        with_masks=True,
        filter_cfg=dict(filter_empty_tags=True),
        pipeline=train_pipeline,
        **_base_.label_dataset))
