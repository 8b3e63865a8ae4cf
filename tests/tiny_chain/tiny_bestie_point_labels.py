# Pseudo instances of given points (test_dataloader.dataset.points_file).
_base_ = './tiny_bestie_labels.py'
model = dict(supervision='points')
test_dataloader = dict(dataset=dict(pipeline=_base_.bestie_point_pipeline))
