# Settings that all configs share: scope, hooks, logging, visualisation. They follow mmdet's default_runtime.
_base_ = './run_hooks.py'
# the transforms of mmseg, for pipelines that name them (mmseg.X)
custom_imports = dict(imports=['projects.wsis', 'mmseg.datasets.transforms'], allow_failed_imports=False)
default_scope = 'mmdet'

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    # one earlier checkpoint is kept, so that a run killed while saving still has one to resume from
    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=2),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    visualization=dict(type='mmdet.DetVisualizationHook'),
)

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),  # on a machine without an accelerator the tools use gloo instead
)

vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(type='WSISLocalVisualizer', vis_backends=vis_backends, name='visualizer')
log_processor = dict(type='LogProcessor', window_size=50, by_epoch=True)

log_level = 'INFO'
randomness = dict(seed=0)
load_from = None
resume = False
