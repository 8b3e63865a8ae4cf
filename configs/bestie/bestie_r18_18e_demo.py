# The demo's BESTIE: a narrow network whose first three stages start from the classifier's backbone and whose fourth starts
# from scratch. The demo's objects are a quarter as large as VOC's, and lengths are half of the paper's.
_base_ = [
    '../_base_/models/bestie_r50.py', '../_base_/models/r18_demo.py', '../_base_/models/bestie_narrow.py',
    '../_base_/datasets/demo.py', '../_base_/stages/bestie.py', '../_base_/sizes/demo.py',
    '../_base_/schedules/adamw_one_cycle.py', '../_base_/default_runtime.py'
]
model = dict(
    backbone=dict(
        depth=18, base_channels=32, norm_cfg=dict(_delete_=True, type='BN'), init_cfg=_base_.classifier_weights),
    head=dict(
        _base_.bestie_narrow_head,
        num_classes=_base_.num_classes,
        semantic_low_level_channels=(32, 32, 16),
        instance_low_level_channels=(32, 32, 16),
        dilations=(1, 2, 3)),
    sigma=4.,
    refinement=dict(kernel=21, distance=50.),
    test_cfg=dict(kernel=21, distance=50.))

sizes = dict(
    _base_.sizes,
    LoadPoints=dict(min_score=.5),
    RandomResizeLongSide=dict(_base_.sizes.RandomResizeLongSide, interpolation='bicubic'))
train_pipeline = [
    dict(step, **sizes.get(step.type, {})) for step in _base_.train_pipeline if step.type not in _base_.left_out
]
masks = dict(_base_.label_dataset.get('data_prefix', {}), semantic_masks='work_dirs/irnet_r18_20e_demo/semantic_masks')
peaks = 'work_dirs/pam_r18_36e_demo/peaks.json'
train_dataloader = dict(
    num_workers=2,
    dataset=dict(_base_.label_dataset, data_prefix=masks, points_file=peaks, pipeline=train_pipeline))
val_dataloader = test_dataloader = dict(dataset=_base_.val_dataset)

optim_wrapper = dict(optimizer=dict(lr=2e-3))
param_scheduler = [dict(_base_.param_scheduler[0], eta_max=2e-3, total_steps=18)]
train_cfg = dict(max_epochs=18, val_interval=9)
# refinement begins half way, because labels of a network that has learnt little are bad: see configs/bestie/README.md
custom_hooks = [dict(_base_.custom_hooks[0], begin=.5, draw_interval=90)]
