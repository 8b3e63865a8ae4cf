# BESTIE on given points, one per object: the `points_file` of the data set (configs/pam/README.md). The official results by points
# are of the image and its mirror image, those by tags of the image alone.
_base_ = './bestie_hrnet48_50k_voc2012.py'
model = dict(supervision='points', test_cfg=dict(flip=True))
train_dataloader = dict(dataset=dict(points_file=_base_.points_file))
