# The demo's detector: a narrow Mask R-CNN on the backbone of its classifier.
_base_ = [
    '../_base_/models/mask_rcnn_small.py', '../_base_/models/r18_demo.py', '../_base_/datasets/demo.py',
    '../_base_/stages/mask_rcnn.py', '../_base_/sizes/demo.py', '../_base_/schedules/adamw_one_cycle.py',
    '../_base_/default_runtime.py'
]
model = dict(
    # all four stages, as usual; the fourth starts from scratch
    backbone=dict(
        depth=18,
        base_channels=32,
        frozen_stages=-1,
        init_cfg=dict(_delete_=True, **_base_.classifier_weights)),
    neck=dict(in_channels=[32, 64, 128, 256]),
    # the objects are small, and one sample a bin is quicker
    roi_head=dict(
        bbox_roi_extractor=dict(roi_layer=dict(sampling_ratio=1)),
        mask_roi_extractor=dict(roi_layer=dict(sampling_ratio=1)),
        bbox_head=dict(num_classes=_base_.num_classes), mask_head=dict(num_classes=_base_.num_classes)))

train_pipeline, test_pipeline = (
    [dict(step, **_base_.sizes.get(step.type, {})) for step in pipeline]
    for pipeline in (_base_.train_pipeline, _base_.test_pipeline))
instances = 'work_dirs/irnet_r18_20e_demo/instances.json'
train_dataloader = dict(
    batch_size=8, num_workers=2, dataset=dict(
        ann_file=instances, data_prefix=dict(img=_base_.photo_folder), metainfo=_base_.metainfo, pipeline=train_pipeline))
auto_scale_lr = dict(base_batch_size=8)
val_dataloader = test_dataloader = dict(dataset=_base_.val_dataset and dict(_base_.val_dataset, pipeline=test_pipeline))

optim_wrapper = dict(optimizer=dict(lr=1e-3), clip_grad=dict(max_norm=10.))
param_scheduler = [dict(_base_.param_scheduler[0], eta_max=1e-3, total_steps=6)]
train_cfg = dict(max_epochs=6, val_begin=1, val_interval=6)
