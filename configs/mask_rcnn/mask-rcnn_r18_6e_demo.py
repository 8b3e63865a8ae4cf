# The demo's detector: a narrow Mask R-CNN on the backbone of its classifier.
_base_ = [
    '../_base_/models/mask_rcnn_small.py', '../_base_/datasets/demo.py', '../_base_/stages/mask_rcnn.py',
    '../_base_/default_runtime.py'
]
model = dict(
    backbone=dict(
        depth=18,
        base_channels=32,
        frozen_stages=-1,
        init_cfg=dict(
            _delete_=True,
            type='Pretrained',
            checkpoint='work_dirs/cam_r18_36e_demo/epoch_36.pth',
            prefix='backbone.')),
    neck=dict(in_channels=[32, 64, 128, 256]),
    roi_head=dict(
        bbox_head=dict(num_classes=_base_.num_classes), mask_head=dict(num_classes=_base_.num_classes)))

train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='Resize', scale=(192, 192), keep_ratio=True),
    dict(type='RandomFlip', prob=.5),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadEvaluationMasks'),
    dict(type='Resize', scale=(192, 192), keep_ratio=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor', 'mode', 'instances')),
]
train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    dataset=dict(
        ann_file='work_dirs/irnet_r18_20e_demo/instances.json',
        data_prefix=dict(img=_base_.photo_folder),
        metainfo=_base_.metainfo,
        pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline, **_base_.val_dataset))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline, **_base_.val_dataset))

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=.05),
    clip_grad=dict(max_norm=10.))
param_scheduler = [dict(type='OneCycleLR', eta_max=1e-3, total_steps=6, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=6, val_interval=6)
