# IRNet on the frozen features of an ImageNet MobileNetV2, for your own photos on two CPU cores.
_base_ = [
    '../_base_/models/irnet_r50.py', '../_base_/models/mobilenet_v2.py', '../_base_/datasets/photos.py',
    '../_base_/stages/irnet.py', '../_base_/sizes/light.py', '../_base_/schedules/adamw_poly_20e.py',
    '../_base_/default_runtime.py'
]
model = dict(
    backbone=dict(_delete_=True, out_indices=(1, 2, 4, 7), **_base_.mobilenet_v2),
    # what is low in the CAMs does not start the walk (docs/studies/six_classes.md#what-is-low-in-the-cams)
    test_cfg=dict(cam_threshold=.1))

train_pipeline, mean_pipeline = (
    [dict(step, **_base_.sizes.get(step.type, {})) for step in pipeline]
    for pipeline in (_base_.train_pipeline, _base_.mean_pipeline))
labels = dict(
    _base_.label_dataset.get('data_prefix', {}), inter_pixel_labels='work_dirs/inter-pixel-labels_photos/inter_pixel_labels')
cams = dict(_base_.label_dataset.get('data_prefix', {}), cams='work_dirs/cam_mobilenet-v2_5e_photos/cams')
train_dataloader = dict(
    batch_size=16, num_workers=2, dataset=dict(_base_.label_dataset, data_prefix=labels, pipeline=train_pipeline))
auto_scale_lr = dict(base_batch_size=16)
mean_dataloader = dict(num_workers=2, dataset=dict(_base_.label_dataset, pipeline=mean_pipeline))
test_dataloader = dict(dataset=dict(_base_.label_dataset, data_prefix=cams))

# AdamW on the two branches instead of the paper's SGD, which needs many more steps. The learning rate is half of the demo's
# and the same for both branches, because the displacement branch is four times as wide here.
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [dict(_base_.param_scheduler[0], end=12)]
train_cfg = dict(max_epochs=12)
# a larger set is not trained longer (docs/user_guides/your_own_photos.md#changing-something-afterwards)
most_counted_photos = 350
# seconds on two CPU cores (docs/benchmarks.md), for the time estimates of the plan
cpu_seconds = dict(iteration=2.1, megapixel=1.8)
