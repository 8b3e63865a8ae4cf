# BESTIE on given points, one per object: the `points_file` of the data set (configs/pam/README.md).
_base_ = './bestie_hrnet48_50k_voc2012.py'
model = dict(supervision='points')
train_dataloader = dict(dataset=dict(points_file=_base_.points_file))
