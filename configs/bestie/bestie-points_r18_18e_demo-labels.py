# Pseudo instances of the given points that bestie-points_r18_18e_demo.py finds on the photos it was trained on.
_base_ = './bestie_r18_18e_demo-labels.py'
model = dict(supervision='points')
points_file = '{{$WSIS_POINTS_FILE:data/points.json}}'
train_dataloader = dict(dataset=dict(points_file=points_file))
# the points that the network learnt from
test_pipeline = [
    dict(step, min_score=.5) if step['type'] == 'LoadPoints' else dict(step) for step in _base_.bestie_point_pipeline
]
test_dataloader = dict(dataset=dict(points_file=points_file, pipeline=test_pipeline))
