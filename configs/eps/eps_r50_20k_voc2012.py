# EPS on ResNet-50 of output stride 16, with the paper's settings.
_base_ = [
    '../_base_/models/cam_r50.py', '../_base_/models/eps.py', '../_base_/datasets/voc2012.py',
    '../_base_/stages/eps.py', '../_base_/schedules/sgd_poly_20k.py', '../_base_/iteration_runtime.py'
]
model = dict(_base_.eps, head=dict(_base_.eps.head, num_classes=_base_.num_classes))

train_dataloader = dict(dataset=_base_.weak_dataset)
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.label_dataset)

optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'head': dict(lr_mult=10)}))
