# default_runtime.py for segmentors of mmseg. Its visualisation hook would take our class list for one with a background,
# so it is left out; SemanticMaskWriter writes predictions in VOC's colours.
_base_ = './default_runtime.py'
custom_imports = dict(
    imports=['projects.wsis', 'projects.wsis.models.heads.deeplab_head'], allow_failed_imports=False)
default_scope = 'mmseg'
default_hooks = dict(
    _delete_=True,
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=2),
    sampler_seed=dict(type='DistSamplerSeedHook'))
visualizer = dict(_delete_=True, type='Visualizer', vis_backends=[dict(type='LocalVisBackend')], name='visualizer')
