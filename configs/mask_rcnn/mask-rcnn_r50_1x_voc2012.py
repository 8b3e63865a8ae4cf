# Mask R-CNN trained on IRNet's pseudo instances of VOC 2012 trainaug.
_base_ = [
    '../_base_/models/mask_rcnn_r50.py', '../_base_/datasets/voc2012.py', '../_base_/stages/mask_rcnn.py',
    '../_base_/default_runtime.py'
]
model = dict(
    roi_head=dict(
        bbox_head=dict(num_classes=_base_.num_classes), mask_head=dict(num_classes=_base_.num_classes)))
train_dataloader = dict(
    dataset=dict(
        ann_file='work_dirs/irnet_r50_3e_voc2012/instances.json',
        data_prefix=dict(img=_base_.photo_folder),
        metainfo=_base_.metainfo))
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.val_dataset)

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=.02, momentum=.9, weight_decay=1e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=.001, begin=0, end=500, by_epoch=False),
    dict(type='MultiStepLR', milestones=[8, 11], gamma=.1, begin=0, end=12, by_epoch=True),
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12, val_interval=4)
