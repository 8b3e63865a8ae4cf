# A light Mask R-CNN on pseudo instances of photos in VOC layout, for two CPU cores.
_base_ = [
    '../_base_/models/mask_rcnn_small.py', '../_base_/models/mobilenet_v2.py', '../_base_/datasets/voc_layout.py',
    '../_base_/stages/mask_rcnn.py', '../_base_/default_runtime.py'
]
model = dict(
    backbone=dict(_delete_=True, out_indices=(1, 2, 4, 7), **dict(_base_.mobilenet_v2_trained, output_stride=32)),
    neck=dict(in_channels=[24, 32, 96, 1280]),
    roi_head=dict(
        bbox_head=dict(num_classes=_base_.num_classes), mask_head=dict(num_classes=_base_.num_classes)))

train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='Resize', scale=(320, 320), keep_ratio=True),
    dict(type='RandomFlip', prob=.5),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadEvaluationMasks'),
    dict(type='Resize', scale=(320, 320), keep_ratio=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor', 'mode', 'instances')),
]
train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    dataset=dict(
        ann_file='work_dirs/irnet_mobilenet-v2_12e_voc-layout/instances.json',
        data_prefix=dict(img=_base_.photo_folder),
        metainfo=_base_.metainfo,
        pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline, **_base_.val_dataset))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline, **_base_.val_dataset))

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=.01, momentum=.9, weight_decay=1e-4),
    clip_grad=dict(max_norm=10.))
param_scheduler = [
    dict(type='LinearLR', start_factor=.001, begin=0, end=100, by_epoch=False),
    dict(type='MultiStepLR', milestones=[8, 11], gamma=.1, begin=0, end=12, by_epoch=True),
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12, val_interval=12)
