# The demo's DeepLab, narrow, on small crops.
_base_ = '../../configs/deeplab/deeplab-v2_r18_20e_demo.py'
model = dict(backbone=dict(base_channels=8), decode_head=dict(in_channels=32))
train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadSemanticMasks'),
    dict(type='RandomRescale', factor_range=(0.75, 1.25)),
    dict(type='mmcv.RandomFlip', prob=0.5),
    dict(type='RandomCropAndPad', crop_size=64),
    dict(type='PackSegInputs'),
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
val_dataloader = dict(num_workers=0, persistent_workers=False)
test_dataloader = dict(num_workers=0, persistent_workers=False)
param_scheduler = [dict(type='OneCycleLR', eta_max=2e-3, total_steps=20, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(max_epochs=1, val_interval=1)
