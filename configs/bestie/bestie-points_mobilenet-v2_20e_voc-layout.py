# The same with a given point an object: WSIS_POINTS_FILE, a points file (configs/pam/README.md).
_base_ = './bestie_mobilenet-v2_20e_voc-layout.py'
model = dict(supervision='points')
points_file = '{{$WSIS_POINTS_FILE:data/points.json}}'
train_dataloader = dict(dataset=dict(points_file=points_file))
