# The same with given points: the data set's `points_file` (configs/pam/README.md), a point an object.
_base_ = './bestie_hrnet48_50k_coco2014.py'
model = dict(supervision='points')
train_dataloader = dict(dataset=dict(points_file=_base_.points_file))
