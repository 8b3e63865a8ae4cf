# The demo's SEAM, as narrow and on as small crops as tiny_cam.py.
_base_ = ['../../configs/seam/seam_r18_36e_demo.py', './tiny_base.py']
model = dict(backbone=dict(base_channels=8, norm_eval=True))
train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='RandomResizeLongSide', length_range=(64, 96)),
    dict(type='mmcv.RandomFlip', prob=0.5),
    dict(type='RandomColorJitter'),
    dict(type='RandomCropAndPad', crop_size=64),
    dict(type='PackTagInputs'),
]
tta_pipeline = _base_.tiny_tta_pipeline
train_dataloader = dict(**_base_.tiny_train_dataloader, dataset=dict(pipeline=train_pipeline))
val_dataloader = _base_.tiny_val_dataloader
test_dataloader = dict(num_workers=0)
param_scheduler = [dict(_base_.tiny_one_cycle, eta_max=4e-3)]
train_cfg = dict(max_epochs=1, val_interval=1)
