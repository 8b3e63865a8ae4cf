# SEAM on a light backbone for photos in VOC layout, trained on two CPU cores in minutes. The crop is smaller than the
# paper's, so the second view is half of it instead of .3, and losses are taken of the class maps as the network gives
# them, not enlarged to the photo.
# Weights: WSIS_MOBILENET_V2, a file or URL with the keys of mmdet's MobileNetV2.
_base_ = [
    '../_base_/models/cam_r50.py', '../_base_/models/seam.py', '../_base_/datasets/voc_layout.py',
    '../_base_/stages/seam.py', '../_base_/schedules/sgd_poly.py', '../_base_/default_runtime.py'
]
model = dict(
    backbone=dict(
        _delete_=True,
        type='StridedMobileNetV2',
        output_stride=16,
        out_indices=(2, 4, 7),  # 32 channels at stride 8, 96 at 16, 1280 at 16
        frozen_stages=2,
        norm_eval=True,
        init_cfg=dict(
            type='Pretrained', checkpoint='{{$WSIS_MOBILENET_V2:checkpoints/mobilenet_v2_imagenet.pth}}')),
    head=dict(_base_.seam.head, num_classes=_base_.num_classes, dropout=.2),
    type='SEAM',
    second_view=dict(scale_factor=.5),
    loss_stride=None,
    test_cfg=_base_.seam.test_cfg)

train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='RandomResizeLongSide', length_range=(256, 448)),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomColorJitter', brightness=.3, contrast=.3, saturation=.3, hue=.1),
    dict(type='RandomCropAndPad', crop_size=256),
    dict(type='PackTagInputs'),
]
# three scales instead of four: the double size costs as much as all others together
tta_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadEvaluationMasks'),
    dict(
        type='mmcv.TestTimeAug',
        transforms=[
            [dict(type='mmcv.Resize', scale_factor=factor, keep_ratio=True, interpolation='bicubic')
             for factor in (1., .5, 1.5)],
            [dict(type='mmcv.RandomFlip', prob=probability) for probability in (0., 1.)],
            [dict(type='PackTagInputs')],
        ]),
]
train_dataloader = dict(
    batch_size=16, num_workers=2, dataset=dict(pipeline=train_pipeline, **_base_.weak_dataset))
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.label_dataset)

optim_wrapper = dict(
    optimizer=dict(lr=.01, momentum=.9), paramwise_cfg=dict(custom_keys={'head': dict(lr_mult=10)}))
