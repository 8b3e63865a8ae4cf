# The same detector trained on the true masks, for comparison only.
_base_ = './mask-rcnn_r18_6e_demo.py'
train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadEvaluationMasks'),
    dict(type='LoadInstancesFromMasks'),
    dict(type='Resize', scale=(192, 192), keep_ratio=True),
    dict(type='RandomFlip', prob=.5),
    dict(type='PackDetInputs'),
]
train_dataloader = dict(
    batch_sampler=None,
    dataset=dict(
        _delete_=True, type='VOCTagDataset', with_masks=True, pipeline=train_pipeline, **_base_.weak_dataset))
