# IRNet on the frozen features of an ImageNet MobileNetV2, for photos in VOC layout on two CPU cores.
_base_ = [
    '../_base_/models/irnet_r50.py', '../_base_/models/mobilenet_v2.py', '../_base_/datasets/voc_layout.py',
    '../_base_/stages/irnet.py', '../_base_/default_runtime.py'
]
model = dict(backbone=dict(_delete_=True, out_indices=(1, 2, 4, 7), **_base_.mobilenet_v2))

train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadInterPixelLabels'),
    dict(type='RandomRescale', factor_range=(.5, 1.5)),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomCropAndPad', crop_size=256),
    dict(type='PackTagInputs'),
]
mean_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='RandomCropAndPad', crop_size=256, random=False),
    dict(type='PackTagInputs'),
]
cams = 'work_dirs/cam_mobilenet-v2_5e_voc-layout/cams'
inter_pixel_labels = 'work_dirs/inter-pixel-labels_voc-layout/inter_pixel_labels'
train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    dataset=dict(
        data_prefix=dict(inter_pixel_labels=inter_pixel_labels), pipeline=train_pipeline, **_base_.label_dataset))
mean_dataloader = dict(num_workers=2, dataset=dict(pipeline=mean_pipeline, **_base_.label_dataset))
test_dataloader = dict(dataset=dict(data_prefix=dict(cams=cams), **_base_.label_dataset))

# AdamW on the two branches instead of the paper's SGD, which needs many more steps. Its rate is half of the demo's and
# the same for both: the displacement branch is four times as wide here.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3, weight_decay=1e-4))
param_scheduler = [
    dict(type='PolyLR', power=.9, eta_min=0., begin=0, end=12, by_epoch=True, convert_to_iter_based=True)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12)
custom_hooks = [dict(type='DisplacementMeanHook', dataloader='mean_dataloader')]
