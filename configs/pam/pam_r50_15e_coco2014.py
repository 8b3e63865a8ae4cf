# PAM on COCO 2014, with the settings of VOC 2012, as the public code has none for COCO.
_base_ = [
    '../_base_/models/cam_r50.py', '../_base_/models/pam.py', '../_base_/datasets/coco2014.py', '../_base_/stages/pam.py',
    '../_base_/schedules/sgd_step_15e.py', '../_base_/default_runtime.py'
]
model = dict(_base_.pam, head=dict(_base_.pam.head, num_classes=_base_.num_classes))

train_dataloader = dict(dataset=_base_.weak_dataset)
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.label_dataset)
