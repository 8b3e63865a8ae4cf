# The demo's AffinityNet: nothing is pretrained, so it starts from the classifier's backbone and trains it along.
_base_ = [
    '../_base_/models/affinitynet_resnet38.py', '../_base_/datasets/demo.py', '../_base_/stages/affinitynet.py',
    '../_base_/default_runtime.py'
]
# The demo's objects are a quarter as large as VOC's: features are of stride 4, so that a radius of 5 pixels does not reach
# over to the neighbours.
model = dict(
    data_preprocessor=dict(pad_size_divisor=4),
    backbone=dict(
        _delete_=True,
        type='ResNet',
        depth=18,
        base_channels=32,
        num_stages=3,
        strides=(1, 2, 1),
        dilations=(1, 1, 1),
        out_indices=(0, 1, 2),
        norm_eval=True,
        init_cfg=dict(
            type='Pretrained', checkpoint='work_dirs/cam_r18_36e_demo/epoch_36.pth', prefix='backbone.')),
    head=dict(channels=(32, 64, 64)))

train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadInterPixelLabels'),
    dict(type='RandomRescale', factor_range=(.75, 1.25)),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomCropAndPad', crop_size=160),
    dict(type='PackTagInputs'),
]
cams = 'work_dirs/cam_r18_36e_demo/cams'
inter_pixel_labels = 'work_dirs/affinity-labels_demo/inter_pixel_labels'
train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    dataset=dict(
        data_prefix=dict(inter_pixel_labels=inter_pixel_labels), pipeline=train_pipeline, **_base_.label_dataset))
test_dataloader = dict(dataset=dict(data_prefix=dict(cams=cams), **_base_.label_dataset))

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=2e-3, weight_decay=1e-4))
param_scheduler = [
    dict(type='PolyLR', power=.9, eta_min=0., begin=0, end=20, by_epoch=True, convert_to_iter_based=True)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=20, val_interval=20)
