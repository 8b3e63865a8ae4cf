# EPS on a light backbone for photos in VOC layout, trained on two CPU cores in minutes.
_base_ = [
    '../_base_/models/cam_r50.py', '../_base_/models/mobilenet_v2.py', '../_base_/models/eps.py',
    '../_base_/datasets/voc_layout.py', '../_base_/stages/eps.py', '../_base_/stages/light_tta.py',
    '../_base_/schedules/sgd_poly_light.py', '../_base_/default_runtime.py'
]
model = dict(
    backbone=dict(_delete_=True, out_indices=(7, ), **_base_.mobilenet_v2_trained),
    **_base_.eps)

train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadSaliency'),
    dict(type='RandomResizeLongSide', length_range=(256, 448)),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomCropAndPad', crop_size=256),
    dict(type='PackTagInputs'),
]
tta_pipeline = _base_.light_tta_pipeline
train_dataloader = dict(
    batch_size=16, num_workers=2, dataset=dict(pipeline=train_pipeline, **_base_.weak_dataset))
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.label_dataset)
