# Inter-pixel labels mined from CAMs, in the data-loading workers, once.
test_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadEvaluationMasks'),
    dict(type='LoadCAMs'),
    dict(type='GenerateInterPixelLabels', foreground_threshold=.30, background_threshold=.05),
    dict(type='PackTagInputs'),
]
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type='VOCTagDataset',
        with_masks=True,
        test_mode=True,
        filter_cfg=dict(filter_empty_tags=True),
        pipeline=test_pipeline))
test_evaluator = [
    dict(type='SemanticMaskWriter', artifact='inter_pixel_labels'),
    dict(type='SureLabelMetric'),
]
test_cfg = dict(type='PseudoLabelLoop')
