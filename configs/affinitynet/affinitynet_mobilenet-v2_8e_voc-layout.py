# AffinityNet on an ImageNet MobileNetV2 of output stride 8, for photos in VOC layout on two CPU cores.
_base_ = [
    '../_base_/models/affinitynet_resnet38.py', '../_base_/models/mobilenet_v2.py', '../_base_/datasets/voc_layout.py',
    '../_base_/stages/affinitynet.py', '../_base_/schedules/sgd_poly_light.py', '../_base_/default_runtime.py'
]
model = dict(
    backbone=dict(_delete_=True, out_indices=(2, 4, 7), **dict(_base_.mobilenet_v2_trained, output_stride=8)),
    # CAMs of few epochs are weak, and the walk spreads them: under the background of the paper little is left
    test_cfg=dict(background_score=.17))

train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadInterPixelLabels'),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomCropAndPad', crop_size=256),
    dict(type='PackTagInputs'),
]
cams = 'work_dirs/cam_mobilenet-v2_5e_voc-layout/cams'
inter_pixel_labels = 'work_dirs/affinity-labels_voc-layout/inter_pixel_labels'
train_dataloader = dict(
    num_workers=2,
    dataset=dict(
        data_prefix=dict(inter_pixel_labels=inter_pixel_labels), pipeline=train_pipeline, **_base_.label_dataset))
test_dataloader = dict(dataset=dict(data_prefix=dict(cams=cams), **_base_.label_dataset))

param_scheduler = [dict(type='PolyLR', power=.9, eta_min=0., begin=0, end=8, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(max_epochs=8)
