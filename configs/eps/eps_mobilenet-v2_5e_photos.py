# EPS on the light backbone of cam_mobilenet-v2_5e_photos.py.
_base_ = ['../cam/cam_mobilenet-v2_5e_photos.py', '../_base_/models/eps.py']
model = _base_.eps

train_pipeline = [
    _base_.train_pipeline[0],
    dict(type='LoadSaliency'),
    *[dict(step, crop_size=256) if step.type == 'RandomCropAndPad' else step for step in _base_.train_pipeline[1:]],
]
train_dataloader = dict(dataset=dict(data_prefix=dict(saliency='saliency'), pipeline=train_pipeline))
# the background threshold of stages/eps.py
test_evaluator = [*_base_.test_evaluator[:2], dict(type='SeedIoUMetric', background_threshold=.20)]
cpu_seconds = dict(iteration=1.6)
