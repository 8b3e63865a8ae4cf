# The demo's masks straight from CAMs, without data-loading workers; a high background, as CAMs of a network that has
# hardly learnt are flat.
_base_ = '../../configs/cam_masks/cam-masks_demo.py'
test_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadEvaluationMasks'),
    dict(type='LoadCAMs'),
    dict(type='GenerateCAMMasks', background_score=0.6, crf=dict(iterations=2)),
    dict(type='PackTagInputs'),
]
test_dataloader = dict(num_workers=0, dataset=dict(pipeline=test_pipeline))
