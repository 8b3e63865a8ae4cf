# A light PAM for your own photos, on two CPU cores. It has one convolution, because three learn too little in five epochs
# (configs/pam/README.md).
_base_ = [
    '../_base_/models/cam_r50.py', '../_base_/models/mobilenet_v2.py', '../_base_/models/pam.py',
    '../_base_/datasets/photos.py', '../_base_/stages/pam.py', '../_base_/sizes/light.py',
    '../_base_/schedules/adamw_poly_light.py', '../_base_/default_runtime.py'
]
model = dict(
    _base_.pam,
    backbone=dict(_delete_=True, out_indices=(7, ), **_base_.mobilenet_v2_trained),
    head=dict(type='PAMHead', channels=128, num_convs=1, num_classes=_base_.num_classes))

train_pipeline = [
    dict(step, **_base_.sizes.get(step.type, {})) for step in _base_.train_pipeline if step.type not in _base_.left_out
]
# batch size 8: on CPUs a step of 16 images takes much longer than two steps of 8
train_dataloader = dict(batch_size=8, num_workers=2, dataset=dict(pipeline=train_pipeline, **_base_.weak_dataset))
auto_scale_lr = dict(base_batch_size=8)
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.label_dataset)
# a larger set is not trained longer (docs/user_guides/your_own_photos.md#changing-something-afterwards)
most_counted_photos = 1400
cpu_seconds = dict(iteration=1.3, megapixel=.8)
