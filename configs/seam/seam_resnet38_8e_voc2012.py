# SEAM (CVPR 2020) with the paper's settings.
_base_ = [
    '../_base_/models/cam_resnet38.py', '../_base_/models/seam.py', '../_base_/datasets/voc2012.py',
    '../_base_/stages/seam.py', '../_base_/schedules/sgd_poly_8e.py', '../_base_/default_runtime.py'
]
model = dict(backbone=dict(out_indices=(2, 3, 4)), **_base_.seam)

train_dataloader = dict(dataset=_base_.weak_dataset)
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.label_dataset)
