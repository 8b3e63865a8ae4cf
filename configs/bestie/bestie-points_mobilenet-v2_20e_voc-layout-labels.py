# Pseudo instances of the given points that bestie-points_mobilenet-v2_20e_voc-layout.py finds on the photos it was trained on.
_base_ = './bestie_mobilenet-v2_20e_voc-layout-labels.py'
model = dict(supervision='points')
points_file = '{{$WSIS_POINTS_FILE:data/points.json}}'
train_dataloader = dict(dataset=dict(points_file=points_file))
test_dataloader = dict(dataset=dict(points_file=points_file, pipeline=_base_.bestie_point_pipeline))
