# DeepLab V1 (large field of view) on ResNet-38, trained on the pseudo masks of VOC 2012 trainaug that AffinityNet has made.
_base_ = [
    '../_base_/models/deeplab_v1_resnet38.py', '../_base_/datasets/voc2012.py', '../_base_/stages/deeplab.py',
    '../_base_/mmseg_runtime.py'
]
train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadSemanticMasks'),
    dict(type='RandomRescale', factor_range=(.5, 1.5)),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomCropAndPad', crop_size=448),
    dict(type='PackSegInputs'),
]
semantic_masks = 'work_dirs/affinitynet_resnet38_8e_voc2012/semantic_masks'
train_dataloader = dict(
    dataset=dict(
        data_prefix=dict(semantic_masks=semantic_masks), pipeline=train_pipeline, **_base_.label_dataset))
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.val_dataset)

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=1e-3, momentum=.9, weight_decay=5e-4),
    paramwise_cfg=dict(custom_keys={'decode_head': dict(lr_mult=10)}))
param_scheduler = [dict(type='PolyLR', power=.9, eta_min=0., begin=0, end=20000, by_epoch=False)]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=20000, val_interval=4000)
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=2000))
log_processor = dict(by_epoch=False)
