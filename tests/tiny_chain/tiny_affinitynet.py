# The demo's AffinityNet, narrow, on small crops.
_base_ = ['../../configs/affinitynet/affinitynet_r18_20e_demo.py', './tiny_base.py']
model = dict(backbone=dict(base_channels=8), head=dict(channels=(4, 8, 8)), test_cfg=dict(background_alpha=1.0))
train_pipeline = [dict(step, **_base_.tiny_sizes.get(step.type, {})) for step in _base_.train_pipeline]
train_dataloader = dict(**_base_.tiny_train_dataloader, dataset=dict(pipeline=train_pipeline))
test_dataloader = dict(num_workers=0)
param_scheduler = [_base_.tiny_poly]
train_cfg = dict(max_epochs=1, val_interval=1)
