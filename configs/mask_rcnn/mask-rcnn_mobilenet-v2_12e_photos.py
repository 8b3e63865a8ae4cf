# A light Mask R-CNN on pseudo instances of your own photos, for two CPU cores.
_base_ = [
    '../_base_/models/mask_rcnn_small.py', '../_base_/models/mobilenet_v2.py', '../_base_/datasets/photos.py',
    '../_base_/stages/mask_rcnn.py', '../_base_/sizes/light.py', '../_base_/schedules/adamw_one_cycle.py',
    '../_base_/default_runtime.py'
]
model = dict(
    backbone=dict(_delete_=True, out_indices=(1, 2, 4, 7), **dict(_base_.mobilenet_v2_trained, output_stride=32)),
    neck=dict(in_channels=[24, 32, 96, 1280]),
    roi_head=dict(
        bbox_head=dict(num_classes=_base_.num_classes), mask_head=dict(num_classes=_base_.num_classes)))

train_pipeline, test_pipeline = (
    [dict(step, **_base_.sizes.get(step.type, {})) for step in pipeline]
    for pipeline in (_base_.train_pipeline, _base_.test_pipeline))
instances = 'work_dirs/irnet_mobilenet-v2_12e_photos/instances.json'
train_dataloader = dict(
    batch_size=8, num_workers=2, dataset=dict(
        ann_file=instances, data_prefix=dict(img=_base_.photo_folder), metainfo=_base_.metainfo, pipeline=train_pipeline))
auto_scale_lr = dict(base_batch_size=8)
val_dataloader = test_dataloader = dict(dataset=_base_.val_dataset and dict(_base_.val_dataset, pipeline=test_pipeline))

# In some hundred iterations heads that start from scratch learn more by AdamW than by SGD (docs/studies/real_photos.md).
optim_wrapper = dict(optimizer=dict(lr=5e-4), clip_grad=dict(max_norm=10.))
param_scheduler = [dict(_base_.param_scheduler[0], eta_max=5e-4, total_steps=12)]
train_cfg = dict(max_epochs=12, val_interval=12)
# a larger set is not trained longer (docs/user_guides/your_own_photos.md#changing-something-afterwards)
most_counted_photos = 550
# seconds on two CPU cores (docs/benchmarks.md), for the time estimates of the plan
cpu_seconds = dict(iteration=1.5)
