# Pseudo instances of given points (test_dataloader.dataset.points_file).
_base_ = './tiny_bestie_labels.py'
model = dict(supervision='points')
load_points = [step for step in _base_.train_pipeline if step.type == 'LoadPoints']
test_pipeline = [*_base_.test_pipeline[:2], *load_points, *_base_.test_pipeline[2:]]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
