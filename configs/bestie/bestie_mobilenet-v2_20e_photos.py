# A light BESTIE for your own photos, on two CPU cores.
_base_ = [
    '../_base_/models/bestie_r50.py', '../_base_/models/mobilenet_v2.py', '../_base_/models/bestie_narrow.py',
    '../_base_/datasets/photos.py', '../_base_/stages/bestie.py', '../_base_/sizes/light.py',
    '../_base_/schedules/adamw_poly_light.py', '../_base_/default_runtime.py'
]
model = dict(
    backbone=dict(_delete_=True, out_indices=(1, 2, 4, 6), **_base_.mobilenet_v2_trained),
    head=dict(
        _base_.bestie_narrow_head,
        num_classes=_base_.num_classes,
        semantic_low_level_channels=(48, 32, 16),
        instance_low_level_channels=(48, 32, 16),
        dilations=(2, 4, 6),
        dropout=.1,
        init_cfg=dict(type='Normal', layer='Conv2d', std=.01)),
    refinement=dict(threshold=.1))  # centre scores do not reach the paper's .3 in this schedule

sizes = dict(_base_.sizes, RandomResizeLongSide=dict(length_range=(224, 416)))
train_pipeline = [
    dict(step, **sizes.get(step.type, {})) for step in _base_.train_pipeline if step.type not in _base_.left_out
]
masks = dict(
    _base_.label_dataset.get('data_prefix', {}), semantic_masks='work_dirs/irnet_mobilenet-v2_12e_photos/semantic_masks')
peaks = 'work_dirs/pam_mobilenet-v2_5e_photos/peaks.json'
train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    dataset=dict(_base_.label_dataset, data_prefix=masks, points_file=peaks, pipeline=train_pipeline))
auto_scale_lr = dict(base_batch_size=8)
val_dataloader = test_dataloader = dict(dataset=_base_.val_dataset)

# with four times as much the semantic branch learns half as much (docs/studies/real_photos.md#learning-rate-of-bestie)
optim_wrapper = dict(optimizer=dict(lr=5e-5))
param_scheduler = [dict(_base_.param_scheduler[0], end=20)]
train_cfg = dict(max_epochs=20, val_interval=10)
# refinement begins half way, because labels of a network that has learnt little are bad: see configs/bestie/README.md
custom_hooks = [dict(_base_.custom_hooks[0], begin=.5, draw_interval=100)]
# bfloat16 makes no step quicker (docs/benchmarks.md#layers-that-lose-precision)
mixed_precision_by_default = False
# a larger set is not trained longer (docs/user_guides/your_own_photos.md#changing-something-afterwards)
most_counted_photos = 600
cpu_seconds = dict(iteration=2.0)
