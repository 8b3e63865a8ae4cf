# The demo's SEAM, as narrow and on as small crops as tiny_cam.py.
_base_ = '../../configs/seam/seam_r18_36e_demo.py'
model = dict(backbone=dict(base_channels=8, norm_eval=True))
train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='RandomResizeLongSide', length_range=(64, 96)),
    dict(type='mmcv.RandomFlip', prob=0.5),
    dict(type='RandomColorJitter'),
    dict(type='RandomCropAndPad', crop_size=64),
    dict(type='PackTagInputs'),
]
tta_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadEvaluationMasks'),
    dict(
        type='mmcv.TestTimeAug',
        transforms=[
            [dict(type='mmcv.Resize', scale_factor=factor, keep_ratio=True) for factor in (1.0, 0.5)],
            [dict(type='mmcv.RandomFlip', prob=probability) for probability in (0.0, 1.0)],
            [dict(type='PackTagInputs')],
        ],
    ),
]
train_dataloader = dict(batch_size=4, num_workers=0, persistent_workers=False, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=2, num_workers=0, persistent_workers=False)
test_dataloader = dict(num_workers=0)
param_scheduler = [dict(type='OneCycleLR', eta_max=4e-3, total_steps=20, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(max_epochs=1, val_interval=1)
