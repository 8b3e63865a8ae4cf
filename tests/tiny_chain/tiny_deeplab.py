# The demo's DeepLab, narrow, on small crops.
_base_ = ['../../configs/deeplab/deeplab-v2_r18_20e_demo.py', './tiny_base.py']
model = dict(backbone=dict(base_channels=8), decode_head=dict(in_channels=32))
train_pipeline = [dict(step, **_base_.tiny_sizes.get(step.type, {})) for step in _base_.train_pipeline]
tta_pipeline = _base_.tiny_tta_pipeline
train_dataloader = dict(**_base_.tiny_train_dataloader, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(num_workers=0, persistent_workers=False)
test_dataloader = dict(num_workers=0, persistent_workers=False)
param_scheduler = [dict(_base_.tiny_one_cycle, eta_max=2e-3)]
train_cfg = dict(max_epochs=1, val_interval=1)
