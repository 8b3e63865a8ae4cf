# A light BESTIE for photos in VOC layout, on two CPU cores.
_base_ = [
    '../_base_/models/bestie_r50.py', '../_base_/models/mobilenet_v2.py', '../_base_/datasets/voc_layout.py',
    '../_base_/stages/bestie.py', '../_base_/schedules/adamw_poly_light.py', '../_base_/default_runtime.py'
]
custom_imports = dict(imports=['projects.wsis', 'mmseg.datasets.transforms'], allow_failed_imports=False)
model = dict(
    backbone=dict(_delete_=True, out_indices=(1, 2, 4, 6), **_base_.mobilenet_v2_trained),
    head=dict(
        num_classes=_base_.num_classes,
        semantic_channels=64,
        instance_channels=64,
        pyramid_channels=64,
        semantic_low_level_channels=(48, 32, 16),
        instance_low_level_channels=(48, 32, 16),
        dilations=(2, 4, 6),
        # the paper's momentum of .01 and its first weights of .001 are made for its 50k iterations
        norm_cfg=dict(type='BN'),
        init_cfg=dict(type='Normal', layer='Conv2d', std=.01)),
    refinement=dict(threshold=.1))  # centres do not rise to the paper's .3 in this schedule

train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadSemanticMasks'),
    dict(type='LoadPoints', min_score=.7),
    dict(type='RandomResizeLongSide', length_range=(224, 416), interpolation='bilinear'),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomCropAndPad', crop_size=256),
    dict(type='GenerateInstancePseudoLabels', min_area=50),
    dict(type='PackTagInputs'),
]
semantic_masks = 'work_dirs/irnet_mobilenet-v2_12e_voc-layout/semantic_masks'
points_file = 'work_dirs/pam_mobilenet-v2_5e_voc-layout/peaks.json'
train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    dataset=dict(
        pipeline=train_pipeline,
        data_prefix=dict(semantic_masks=semantic_masks),
        points_file=points_file,
        **_base_.label_dataset))
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.val_dataset)

optim_wrapper = dict(optimizer=dict(lr=2e-4))
param_scheduler = [dict(_base_.param_scheduler[0], end=20)]
train_cfg = dict(max_epochs=20, val_interval=10)
# labels of a network that has learnt little are bad: see configs/bestie/README.md
custom_hooks = [dict(_base_.custom_hooks[0], begin=.5, draw_interval=100)]
