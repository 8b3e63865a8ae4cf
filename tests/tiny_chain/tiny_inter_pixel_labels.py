# The demo's inter-pixel labels, without data-loading workers. CAMs of a network that has hardly learnt are flat, so
# the thresholds lie where both foreground and background are found.
_base_ = '../../configs/irnet/inter-pixel-labels_demo.py'
test_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadEvaluationMasks'),
    dict(type='LoadCAMs'),
    dict(type='GenerateInterPixelLabels', foreground_threshold=0.7, background_threshold=0.4),
    dict(type='PackTagInputs'),
]
test_dataloader = dict(num_workers=0, dataset=dict(pipeline=test_pipeline))
