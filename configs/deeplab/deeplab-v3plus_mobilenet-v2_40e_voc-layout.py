# A light DeepLab V3+ on pseudo masks of photos in VOC layout, for two CPU cores.
_base_ = [
    '../_base_/models/deeplab_v3plus_r101.py', '../_base_/models/mobilenet_v2.py', '../_base_/datasets/voc_layout.py',
    '../_base_/stages/deeplab.py', '../_base_/schedules/adamw_poly_light.py', '../_base_/mmseg_runtime.py'
]
model = dict(
    backbone=dict(_delete_=True, out_indices=(1, 6), **_base_.mobilenet_v2_trained),
    # photos are smaller than the paper's, and so are the dilations
    decode_head=dict(
        in_channels=320,
        channels=128,
        dilations=(1, 3, 6, 9),
        c1_in_channels=24,
        c1_channels=24,
        num_classes=_base_.num_classes + 1))

train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadSemanticMasks'),
    dict(type='RandomResizeLongSide', length_range=(224, 416)),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomCropAndPad', crop_size=256),
    dict(type='PackSegInputs'),
]
tta_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadEvaluationMasks'),
    dict(
        type='mmcv.TestTimeAug',
        transforms=[
            [dict(type='mmcv.Resize', scale_factor=factor, keep_ratio=True) for factor in (.5, .75, 1.)],
            [dict(type='mmcv.RandomFlip', prob=probability) for probability in (0., 1.)],
            [dict(type='PackTagInputs')],
        ]),
]
semantic_masks = 'work_dirs/irnet_mobilenet-v2_12e_voc-layout/semantic_masks'
train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    dataset=dict(
        data_prefix=dict(semantic_masks=semantic_masks), pipeline=train_pipeline, **_base_.label_dataset))
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.val_dataset)

param_scheduler = [dict(_base_.param_scheduler[0], end=40)]
train_cfg = dict(max_epochs=40, val_interval=10)
