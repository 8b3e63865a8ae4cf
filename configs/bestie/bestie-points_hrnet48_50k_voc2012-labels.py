# Pseudo instances of the given points that bestie-points_hrnet48_50k_voc2012.py finds in its training images.
_base_ = './bestie_hrnet48_50k_voc2012-labels.py'
# of the image alone, as the labels of the config for tags: the official code makes none
model = dict(supervision='points')
# the points that it learnt from
load_points = [step for step in _base_.train_pipeline if step.type == 'LoadPoints']
test_pipeline = [*_base_.test_pipeline[:2], *load_points, *_base_.test_pipeline[2:]]
train_dataloader = dict(dataset=dict(points_file=_base_.points_file))
test_dataloader = dict(dataset=dict(points_file=_base_.points_file, pipeline=test_pipeline))
