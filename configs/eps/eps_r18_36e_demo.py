# EPS on the demo set, trained from scratch, with the images and the budget of cam_r18_36e_demo.py. Saliency maps:
#   python tools/dataset_converters/make_saliency.py data/demo
_base_ = ['../cam/cam_r18_36e_demo.py', '../_base_/models/eps.py']
model = _base_.eps

train_pipeline = [_base_.train_pipeline[0], dict(type='LoadSaliency'), *_base_.train_pipeline[1:]]
train_dataloader = dict(dataset=dict(data_prefix=dict(saliency='saliency'), pipeline=train_pipeline))
# the background threshold of stages/eps.py
test_evaluator = [*_base_.test_evaluator[:2], dict(type='SeedIoUMetric', background_threshold=.20)]
