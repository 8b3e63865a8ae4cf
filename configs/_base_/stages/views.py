# What pipelines of test-time augmentation are made of.
load_with_masks = [dict(type='LoadPhoto'), dict(type='LoadEvaluationMasks')]
# a photo as it is and mirrored: the last transforms of TestTimeAug
mirrored = [
    [dict(type='mmcv.RandomFlip', prob=probability) for probability in (0., 1.)],
    [dict(type='PackTagInputs')],
]
