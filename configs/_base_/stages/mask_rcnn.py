# A detector trained on a COCO json of (pseudo) instances, evaluated on true masks.
_base_ = './evaluation.py'
train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='Resize', scale=(1333, 800), keep_ratio=True),
    dict(type='RandomFlip', prob=.5),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    *_base_.load_new_image,
    dict(type='ResizeWithin', scale=(1333, 800)),
    dict(
        type='PackDetInputs',
        meta_keys=(
            'img_id', 'img_path', 'file_name', 'ori_shape', 'img_shape', 'scale_factor', 'mode', 'instances')),
]

train_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    batch_sampler=dict(type='AspectRatioBatchSampler'),
    dataset=dict(
        type='CocoDataset',
        filter_cfg=dict(filter_empty_gt=True, min_size=32),
        pipeline=train_pipeline))
auto_scale_lr = dict(enable=False, base_batch_size=16)
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader

val_evaluator = [
    dict(type='VOCInstanceMetric'),
    # ann_file: a COCO json of true instances to use instead of the masks of the data set
    dict(type='PhotoCocoMetric', metric=['bbox', 'segm'], format_only=False, ann_file=None),
]
test_evaluator = val_evaluator
