# EPS (CVPR 2021) with the paper's settings: resize 256-512, crop 448, batch 8, 20k iterations, lambda .5.
# For COCO the paper has lambda .9, crop 321, batch 16 and 256.5k iterations.
_base_ = [
    '../_base_/models/cam_resnet38.py', '../_base_/models/eps.py', '../_base_/datasets/voc2012.py',
    '../_base_/stages/eps.py', '../_base_/schedules/sgd_poly_20k.py', '../_base_/iteration_runtime.py'
]
model = _base_.eps

train_dataloader = dict(dataset=_base_.weak_dataset)
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.label_dataset)

optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'head': dict(lr_mult=10)}))
