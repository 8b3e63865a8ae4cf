# Parts of the pipelines of test-time augmentation.
load_with_masks = [dict(type='LoadPhoto'), dict(type='LoadEvaluationMasks')]
# the image and its mirror image: the last transforms of TestTimeAug
mirrored = [
    [dict(type='mmcv.RandomFlip', prob=probability) for probability in (0., 1.)],
    [dict(type='PackTagInputs')],
]
