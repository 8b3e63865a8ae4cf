# The classifier of IRNet (CVPR 2019) with the paper's settings.
_base_ = [
    '../_base_/models/cam_r50.py', '../_base_/datasets/voc2012.py', '../_base_/stages/cam.py',
    '../_base_/schedules/sgd_poly.py', '../_base_/default_runtime.py'
]
model = dict(head=dict(num_classes=_base_.num_classes))

train_dataloader = dict(drop_last=True, dataset=_base_.weak_dataset)
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.label_dataset)

optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'head': dict(lr_mult=10)}))
