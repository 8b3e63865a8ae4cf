# A light DeepLab V3+ on pseudo masks of your own photos, for two CPU cores.
_base_ = [
    '../_base_/models/deeplab_v3plus_r101.py', '../_base_/models/mobilenet_v2.py', '../_base_/datasets/photos.py',
    '../_base_/stages/deeplab.py', '../_base_/schedules/adamw_poly_light.py', '../_base_/mmseg_runtime.py'
]
model = dict(
    backbone=dict(_delete_=True, out_indices=(1, 6), **_base_.mobilenet_v2_trained),
    # images are smaller than the paper's, and so are the dilations
    decode_head=dict(
        in_channels=320,
        channels=128,
        dilations=(1, 3, 6, 9),
        c1_in_channels=24,
        c1_channels=24,
        num_classes=_base_.num_classes + 1))

# images are resized to a random long side, whatever size they have
steps = dict(
    RandomRescale=dict(type='RandomResizeLongSide', length_range=(224, 416)),
    RandomCropAndPad=dict(type='RandomCropAndPad', crop_size=256))
train_pipeline = [steps.get(step.type, step) for step in _base_.train_pipeline]
tta_pipeline = [
    *_base_.load_with_masks,
    dict(_base_.tta_pipeline[-1], transforms=[_base_.tta_pipeline[-1].transforms[0][:3], *_base_.mirrored]),
]
masks = dict(
    _base_.label_dataset.get('data_prefix', {}), semantic_masks='work_dirs/irnet_mobilenet-v2_12e_photos/semantic_masks')
train_dataloader = dict(
    batch_size=8, num_workers=2, dataset=dict(_base_.label_dataset, data_prefix=masks, pipeline=train_pipeline))
auto_scale_lr = dict(base_batch_size=8)
val_dataloader = test_dataloader = dict(dataset=_base_.val_dataset)

param_scheduler = [dict(_base_.param_scheduler[0], end=40)]
train_cfg = dict(max_epochs=40, val_interval=10)
# with --amp, in bfloat16 on a CPU, it had 1.4 mIoU less in one pair of runs (docs/benchmarks.md#from-tags-to-masks-on-2283-real-photos)
mixed_precision_by_default = False
# a larger set is not trained longer (docs/user_guides/your_own_photos.md#changing-something-afterwards)
most_counted_photos = 300
# seconds on two CPU cores (docs/benchmarks.md), for the time estimates of the plan
cpu_seconds = dict(iteration=.8)
