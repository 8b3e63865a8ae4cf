# A whole run of TinyModel; the tests change it by --cfg-options.
_base_ = '../../configs/_base_/default_runtime.py'
custom_imports = dict(imports=['projects.wsis', 'tiny_model'], allow_failed_imports=False)

model = dict(type='TinyModel')
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='TinyDataset'),
)
test_dataloader = dict(
    batch_size=4,
    num_workers=0,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(type='TinyDataset', length=7),
)
train_cfg = dict(by_epoch=True, max_epochs=2)
test_cfg = dict()
test_evaluator = dict(type='TinyMetric')
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.05, momentum=0.9))
param_scheduler = [dict(type='PolyLR', power=0.9, by_epoch=False, begin=0, end=8)]
default_hooks = dict(
    _delete_=True,
    safe_files=dict(type='SafeFilesHook'),
    logger=dict(type='LoggerHook', interval=1),
    checkpoint=dict(type='CheckpointHook'),
)
visualizer = dict(type='Visualizer', vis_backends=[], _delete_=True)
