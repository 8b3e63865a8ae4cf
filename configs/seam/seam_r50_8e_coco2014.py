# SEAM on COCO 2014. The paper has no COCO: the settings are those of VOC 2012.
_base_ = [
    '../_base_/models/cam_r50.py', '../_base_/models/seam.py', '../_base_/datasets/coco2014.py',
    '../_base_/stages/seam.py', '../_base_/schedules/sgd_poly_8e.py', '../_base_/default_runtime.py'
]
model = dict(_base_.seam, head=dict(_base_.seam.head, num_classes=_base_.num_classes))

train_dataloader = dict(dataset=_base_.weak_dataset)
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.label_dataset)
