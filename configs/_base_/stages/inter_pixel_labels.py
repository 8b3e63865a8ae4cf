# Inter-pixel labels mined from CAMs, in the data-loading workers, once.
_base_ = './labelling.py'
test_pipeline = [
    *_base_.load_with_masks,
    dict(type='LoadCAMs'),
    dict(type='GenerateInterPixelLabels', foreground_threshold=.30, background_threshold=.05),
    dict(type='PackTagInputs'),
]
test_dataloader = dict(num_workers=4, dataset=dict(pipeline=test_pipeline))
test_evaluator = [
    dict(type='SemanticMaskWriter', artifact='inter_pixel_labels'),
    dict(type='SureLabelMetric'),
]
