# AffinityNet's labels mined from CAMs, in the data-loading workers, once.
_base_ = './inter_pixel_labels.py'
test_pipeline = [
    *_base_.load_with_masks,
    dict(type='LoadCAMs'),
    dict(type='GenerateAffinityLabels', low_alpha=4., high_alpha=24.),
    dict(type='PackTagInputs'),
]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
