# The same detector trained on the true masks, for comparison only.
_base_ = './mask-rcnn_r18_6e_demo.py'
train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadEvaluationMasks'),
    dict(type='LoadInstancesFromMasks'),
    *_base_.train_pipeline[2:],
]
train_dataloader = dict(
    batch_sampler=None,
    dataset=dict(
        _delete_=True, type='VOCTagDataset', with_masks=True, pipeline=train_pipeline, **_base_.weak_dataset))
