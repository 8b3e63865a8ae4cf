# The demo's PAM, so narrow and on so small crops that an epoch takes seconds.
_base_ = ['../../configs/pam/pam_r18_36e_demo.py', './tiny_base.py']
model = dict(backbone=dict(base_channels=8), head=dict(channels=16))
train_pipeline = [dict(step, **_base_.tiny_sizes.get(step.type, {})) for step in _base_.train_pipeline]
train_dataloader = dict(**_base_.tiny_train_dataloader, dataset=dict(pipeline=train_pipeline))
val_dataloader = _base_.tiny_val_dataloader
test_dataloader = dict(num_workers=0)
param_scheduler = [dict(_base_.tiny_one_cycle, eta_max=4e-3)]
train_cfg = dict(max_epochs=1, val_interval=1)
