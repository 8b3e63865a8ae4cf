# The demo's IRNet, narrow, on small crops.
_base_ = ['../../configs/irnet/irnet_r18_20e_demo.py', './tiny_base.py']
model = dict(
    backbone=dict(base_channels=8),
    neck=dict(boundary_channels=4, displacement_channels=(8, 8, 8, 8, 8), fusion_channels=8),
    # a radius of 10 finds no pair in maps of 16 x 16
    head=dict(displacement_channels=8, loss_affinity=dict(radius=5), loss_displacement=dict(radius=5)),
    test_cfg=dict(cluster_iterations=20),
)
train_pipeline, mean_pipeline = (
    [dict(step, **_base_.tiny_sizes.get(step.type, {})) for step in pipeline]
    for pipeline in (_base_.train_pipeline, _base_.mean_pipeline)
)
train_dataloader = dict(**_base_.tiny_train_dataloader, dataset=dict(pipeline=train_pipeline))
mean_dataloader = dict(batch_size=4, num_workers=0, dataset=dict(pipeline=mean_pipeline))
test_dataloader = dict(num_workers=0)
param_scheduler = [_base_.tiny_poly]
train_cfg = dict(max_epochs=1, val_interval=1)
