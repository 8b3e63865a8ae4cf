# SEAM on ResNet-50 of output stride 16; for stride 8 (four times the memory) add
#   --cfg-options model.backbone.strides="(1,2,1,1)" model.backbone.dilations="(1,1,2,4)"
_base_ = [
    '../_base_/models/cam_r50.py', '../_base_/models/seam.py', '../_base_/datasets/voc2012.py',
    '../_base_/stages/seam.py', '../_base_/schedules/sgd_poly_8e.py', '../_base_/default_runtime.py'
]
model = dict(_base_.seam, head=dict(_base_.seam.head, num_classes=_base_.num_classes))

train_dataloader = dict(dataset=_base_.weak_dataset)
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.label_dataset)
