# The demo's BESTIE: a narrow network that starts from the three stages of the classifier's backbone, its fourth from
# scratch. The demo's objects are a quarter as large as VOC's, and lengths are half of the paper's.
_base_ = [
    '../_base_/models/bestie_r50.py', '../_base_/datasets/demo.py', '../_base_/stages/bestie.py',
    '../_base_/default_runtime.py'
]
custom_imports = dict(imports=['projects.wsis', 'mmseg.datasets.transforms'], allow_failed_imports=False)
model = dict(
    backbone=dict(
        depth=18,
        base_channels=32,
        norm_cfg=dict(_delete_=True, type='BN'),
        init_cfg=dict(checkpoint='work_dirs/cam_r18_36e_demo/epoch_36.pth', prefix='backbone.')),
    head=dict(
        num_classes=_base_.num_classes,
        semantic_channels=64,
        instance_channels=64,
        pyramid_channels=64,
        semantic_low_level_channels=(32, 32, 16),
        instance_low_level_channels=(32, 32, 16),
        dilations=(1, 2, 3),
        norm_cfg=dict(type='BN')),
    sigma=4.,
    refinement=dict(kernel=21, distance=50.),
    test_cfg=dict(kernel=21, distance=50.))

train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadSemanticMasks'),
    dict(type='LoadPoints', min_score=.5),
    dict(type='RandomResizeLongSide', length_range=(136, 208)),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomCropAndPad', crop_size=160),
    dict(type='GenerateInstancePseudoLabels', min_area=50),
    dict(type='PackTagInputs'),
]
semantic_masks = 'work_dirs/irnet_r18_20e_demo/semantic_masks'
points_file = 'work_dirs/pam_r18_36e_demo/peaks.json'
train_dataloader = dict(
    num_workers=2,
    dataset=dict(
        pipeline=train_pipeline,
        data_prefix=dict(semantic_masks=semantic_masks),
        points_file=points_file,
        **_base_.label_dataset))
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.val_dataset)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=2e-3, weight_decay=.05))
param_scheduler = [
    dict(type='OneCycleLR', eta_max=2e-3, total_steps=18, by_epoch=True, convert_to_iter_based=True)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=18, val_interval=9)
# labels of a network that has learnt little are bad: see configs/bestie/README.md
custom_hooks = [dict(_base_.custom_hooks[0], begin=.5, draw_interval=90)]
