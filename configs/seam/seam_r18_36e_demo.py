# SEAM on the demo set, trained from scratch, with the budget of cam_r18_36e_demo.py. Photos are small: the second view
# is 96 pixels wide (12 of the class maps), and losses are taken of the class maps as the network gives them.
_base_ = [
    '../_base_/models/cam_r18_demo.py', '../_base_/models/seam.py', '../_base_/datasets/demo.py',
    '../_base_/stages/seam.py', '../_base_/default_runtime.py'
]
model = dict(
    type='SEAM',
    head=dict(_base_.seam.head, num_classes=_base_.num_classes, dropout=0.),
    second_view=dict(scale_factor=.6),
    loss_stride=None,
    test_cfg=_base_.seam.test_cfg)

train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='RandomResizeLongSide', length_range=(136, 208)),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomCropAndPad', crop_size=160),
    dict(type='PackTagInputs'),
]
train_dataloader = dict(
    batch_size=16, num_workers=2, dataset=dict(pipeline=train_pipeline, **_base_.weak_dataset))
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.label_dataset)

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=4e-3, weight_decay=.05))
param_scheduler = [
    dict(type='OneCycleLR', eta_max=4e-3, total_steps=36, by_epoch=True, convert_to_iter_based=True)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=36, val_interval=12)
