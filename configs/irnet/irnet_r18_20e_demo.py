# The demo's IRNet: nothing is pretrained, so it starts from the classifier's backbone and trains it too.
_base_ = [
    '../_base_/models/irnet_r50.py', '../_base_/models/r18_demo.py', '../_base_/datasets/demo.py',
    '../_base_/stages/irnet.py', '../_base_/sizes/demo.py', '../_base_/schedules/adamw_poly_20e.py',
    '../_base_/default_runtime.py'
]
model = dict(
    freeze_backbone=False,
    backbone=dict(init_cfg=dict(_delete_=True, **_base_.classifier_weights), **_base_.r18_demo),
    neck=dict(boundary_channels=16, displacement_channels=(32, 64, 64, 64), fusion_channels=64),
    # The demo's objects are a quarter as large as VOC's. With the paper's lengths pairs and clusters would reach the
    # neighbouring objects, so they are halved.
    head=dict(
        displacement_channels=64, loss_affinity=dict(radius=5), loss_displacement=dict(radius=5)),
    test_cfg=dict(cluster_threshold=1.25))

train_pipeline, mean_pipeline = (
    [dict(step, **_base_.sizes.get(step.type, {})) for step in pipeline]
    for pipeline in (_base_.train_pipeline, _base_.mean_pipeline))
labels = dict(
    _base_.label_dataset.get('data_prefix', {}), inter_pixel_labels='work_dirs/inter-pixel-labels_demo/inter_pixel_labels')
cams = dict(_base_.label_dataset.get('data_prefix', {}), cams='work_dirs/cam_r18_36e_demo/cams')
train_dataloader = dict(
    batch_size=16, num_workers=2, dataset=dict(_base_.label_dataset, data_prefix=labels, pipeline=train_pipeline))
auto_scale_lr = dict(base_batch_size=16)
mean_dataloader = dict(num_workers=2, dataset=dict(_base_.label_dataset, pipeline=mean_pipeline))
test_dataloader = dict(dataset=dict(_base_.label_dataset, data_prefix=cams))

optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'displacement': dict(lr_mult=3)}))
