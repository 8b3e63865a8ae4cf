# The demo's IRNet: nothing is pretrained, so it starts from the classifier's backbone and trains it along.
_base_ = [
    '../_base_/models/irnet_r50.py', '../_base_/datasets/demo.py', '../_base_/stages/irnet.py',
    '../_base_/default_runtime.py'
]
model = dict(
    freeze_backbone=False,
    backbone=dict(
        depth=18,
        base_channels=32,
        num_stages=3,
        strides=(1, 2, 1),
        dilations=(1, 1, 1),
        out_indices=(0, 1, 2),
        init_cfg=dict(
            _delete_=True,
            type='Pretrained',
            checkpoint='work_dirs/cam_r18_36e_demo/epoch_36.pth',
            prefix='backbone.')),
    neck=dict(boundary_channels=16, displacement_channels=(32, 64, 64, 64), fusion_channels=64),
    # The demo's objects are a quarter as large as VOC's: lengths are half of the paper's, or pairs and clusters would reach
    # over to the neighbours.
    head=dict(
        displacement_channels=64, loss_affinity=dict(radius=5), loss_displacement=dict(radius=5)),
    test_cfg=dict(cluster_threshold=1.25))

train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadInterPixelLabels'),
    dict(type='RandomRescale', factor_range=(.75, 1.25)),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomCropAndPad', crop_size=160),
    dict(type='PackTagInputs'),
]
mean_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='RandomCropAndPad', crop_size=160, random=False),
    dict(type='PackTagInputs'),
]
cams = 'work_dirs/cam_r18_36e_demo/cams'
inter_pixel_labels = 'work_dirs/inter-pixel-labels_demo/inter_pixel_labels'
train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    dataset=dict(
        data_prefix=dict(inter_pixel_labels=inter_pixel_labels), pipeline=train_pipeline, **_base_.label_dataset))
mean_dataloader = dict(num_workers=2, dataset=dict(pipeline=mean_pipeline, **_base_.label_dataset))
test_dataloader = dict(dataset=dict(data_prefix=dict(cams=cams), **_base_.label_dataset))

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=2e-3, weight_decay=1e-4),
    paramwise_cfg=dict(custom_keys={'displacement': dict(lr_mult=3)}))
param_scheduler = [
    dict(type='PolyLR', power=.9, eta_min=0., begin=0, end=20, by_epoch=True, convert_to_iter_based=True)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=20)
custom_hooks = [dict(type='DisplacementMeanHook', dataloader='mean_dataloader')]
