# The demo's BESTIE, so narrow and on so small crops that an epoch takes seconds. Masks are those of the tiny chain.
_base_ = ['../../configs/bestie/bestie_r18_18e_demo.py', './tiny_base.py']
model = dict(
    backbone=dict(base_channels=8, norm_eval=True, init_cfg=None),
    head=dict(semantic_channels=16, instance_channels=16, pyramid_channels=16, offset_channels=8),
)
train_pipeline = [dict(step, **_base_.tiny_sizes.get(step.type, {})) for step in _base_.train_pipeline]
train_dataloader = dict(**_base_.tiny_train_dataloader, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(num_workers=0, persistent_workers=False)
test_dataloader = dict(num_workers=0, persistent_workers=False)
param_scheduler = [dict(_base_.tiny_one_cycle, eta_max=2e-3)]
train_cfg = dict(max_epochs=1, val_interval=1)
