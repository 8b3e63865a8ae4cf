# CAMs of photos resized by PIL, as the public codes of IRNet, SEAM, EPS and PPC do.
pil_tta_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadEvaluationMasks'),
    dict(
        type='mmcv.TestTimeAug',
        transforms=[
            [dict(type='PILRescale', factor_range=(factor, factor)) for factor in (1., .5, 1.5, 2.)],
            [dict(type='mmcv.RandomFlip', prob=probability) for probability in (0., 1.)],
            [dict(type='PackTagInputs')],
        ]),
]
