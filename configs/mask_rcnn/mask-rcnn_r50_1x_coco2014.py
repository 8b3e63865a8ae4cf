# Mask R-CNN on IRNet's pseudo instances of COCO 2014, evaluated as COCO does.
_base_ = [
    '../_base_/models/mask_rcnn_r50.py', '../_base_/datasets/coco2014.py', '../_base_/stages/mask_rcnn.py',
    '../_base_/schedules/sgd_step_12e.py', '../_base_/default_runtime.py'
]
model = dict(
    roi_head=dict(
        bbox_head=dict(num_classes=_base_.num_classes), mask_head=dict(num_classes=_base_.num_classes)))
train_dataloader = dict(
    dataset=dict(
        ann_file='work_dirs/irnet_r50_3e_coco2014/instances.json',
        data_prefix=dict(img=_base_.photo_folder),
        metainfo=_base_.metainfo))
val_dataloader = test_dataloader = dict(dataset=_base_.val_dataset)

# the json of val itself has crowds and areas of masks, which the instances of other data sets have not
val = _base_.val_dataset or {}
truth = val.data_root + val.ann_file if str(val.get('ann_file')).endswith('.json') else None
val_evaluator = test_evaluator = [_base_.val_evaluator[0], dict(_base_.val_evaluator[1], ann_file=truth)]
