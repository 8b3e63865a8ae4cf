# Three scales of CAMs instead of four: the double size costs as much as all others together.
light_tta_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadEvaluationMasks'),
    dict(
        type='mmcv.TestTimeAug',
        transforms=[
            [dict(type='mmcv.Resize', scale_factor=factor, keep_ratio=True, interpolation='bicubic')
             for factor in (1., .5, 1.5)],
            [dict(type='mmcv.RandomFlip', prob=probability) for probability in (0., 1.)],
            [dict(type='PackTagInputs')],
        ]),
]
