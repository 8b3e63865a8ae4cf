# What the tiny configs share: sizes, loaders without processes, two scales of a photo, and a schedule of one epoch.
tiny_sizes = dict(
    RandomResizeLongSide=dict(length_range=(64, 96)),
    RandomCropAndPad=dict(crop_size=64),
    LoadPoints=dict(min_score=0.0),
    GenerateInstancePseudoLabels=dict(min_area=20),
)
tiny_train_dataloader = dict(batch_size=4, num_workers=0, persistent_workers=False)
tiny_val_dataloader = dict(batch_size=2, num_workers=0, persistent_workers=False)
tiny_tta_pipeline = [
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
tiny_one_cycle = dict(type='OneCycleLR', total_steps=20, by_epoch=True, convert_to_iter_based=True)
tiny_poly = dict(type='PolyLR', power=0.9, eta_min=0.0, begin=0, end=1, by_epoch=True, convert_to_iter_based=True)
