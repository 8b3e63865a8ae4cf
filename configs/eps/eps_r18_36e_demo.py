# EPS on the demo set, trained from scratch, with the budget of cam_r18_36e_demo.py. Saliency maps:
#   python tools/dataset_converters/make_saliency.py data/demo
_base_ = [
    '../_base_/models/cam_r18_demo.py', '../_base_/models/eps.py', '../_base_/datasets/demo.py',
    '../_base_/stages/eps.py', '../_base_/schedules/adamw_36e.py', '../_base_/default_runtime.py'
]
model = dict(_base_.eps, head=dict(_base_.eps.head, num_classes=_base_.num_classes))

train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadSaliency'),
    dict(type='RandomResizeLongSide', length_range=(136, 208)),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomCropAndPad', crop_size=160),
    dict(type='PackTagInputs'),
]
train_dataloader = dict(
    batch_size=16, num_workers=2, dataset=dict(pipeline=train_pipeline, **_base_.weak_dataset))
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.label_dataset)
