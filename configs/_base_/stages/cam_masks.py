# Pseudo semantic masks straight from CAMs, in the data-loading workers, once: a fixed background, and a dense CRF where the
# config has one. The defaults are those of EPS.
_base_ = './labelling.py'
test_pipeline = [
    *_base_.load_with_masks,
    dict(type='LoadCAMs'),
    dict(type='GenerateCAMMasks', background_score=.20, background_alpha=None, crf=None),
    dict(type='PackTagInputs'),
]
test_dataloader = dict(num_workers=4, dataset=dict(pipeline=test_pipeline))
test_evaluator = [dict(type='SemanticMaskWriter'), dict(type='SemanticIoUMetric')]
