# Mask R-CNN trained on IRNet's pseudo instances of VOC 2012 trainaug.
_base_ = [
    '../_base_/models/mask_rcnn_r50.py', '../_base_/datasets/voc2012.py', '../_base_/stages/mask_rcnn.py',
    '../_base_/schedules/sgd_step_12e.py', '../_base_/default_runtime.py'
]
model = dict(
    roi_head=dict(
        bbox_head=dict(num_classes=_base_.num_classes), mask_head=dict(num_classes=_base_.num_classes)))
train_dataloader = dict(
    dataset=dict(
        ann_file='work_dirs/irnet_r50_3e_voc2012/instances.json',
        data_prefix=dict(img=_base_.photo_folder),
        metainfo=_base_.metainfo))
val_dataloader = test_dataloader = dict(dataset=_base_.val_dataset)
