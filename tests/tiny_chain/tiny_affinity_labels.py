# The demo's labels of AffinityNet, without data-loading workers. CAMs of a network that has hardly learnt are flat, so
# the exponents are chosen so that both foreground and background are found.
_base_ = '../../configs/affinitynet/affinity-labels_demo.py'
test_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadEvaluationMasks'),
    dict(type='LoadCAMs'),
    dict(type='GenerateAffinityLabels', low_alpha=0.25, high_alpha=1.0),
    dict(type='PackTagInputs'),
]
test_dataloader = dict(num_workers=0, dataset=dict(pipeline=test_pipeline))
