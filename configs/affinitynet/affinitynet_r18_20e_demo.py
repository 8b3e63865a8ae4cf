# The demo's AffinityNet: nothing is pretrained, so it starts from the classifier's backbone and trains it too.
_base_ = [
    '../_base_/models/affinitynet_resnet38.py', '../_base_/models/r18_demo.py', '../_base_/datasets/demo.py',
    '../_base_/stages/affinitynet.py', '../_base_/sizes/demo.py', '../_base_/schedules/adamw_poly_20e.py',
    '../_base_/default_runtime.py'
]
# The demo's objects are a quarter as large as VOC's. Features have stride 4, so that a radius of 5 pixels does not reach the
# neighbouring objects.
model = dict(
    data_preprocessor=dict(pad_size_divisor=4),
    backbone=dict(
        _delete_=True, type='ResNet', norm_eval=True, init_cfg=_base_.classifier_weights, **_base_.r18_demo),
    head=dict(channels=(32, 64, 64)))

train_pipeline = [
    dict(step, **_base_.sizes.get(step['type'], {}))
    for step in [*_base_.train_pipeline[:2], dict(type='RandomRescale'), *_base_.train_pipeline[2:]]
    if step['type'] not in _base_.left_out
]
labels = dict(
    _base_.label_dataset.get('data_prefix', {}), inter_pixel_labels='work_dirs/affinity-labels_demo/inter_pixel_labels')
cams = dict(_base_.label_dataset.get('data_prefix', {}), cams='work_dirs/cam_r18_36e_demo/cams')
train_dataloader = dict(
    batch_size=16, num_workers=2, dataset=dict(_base_.label_dataset, data_prefix=labels, pipeline=train_pipeline))
auto_scale_lr = dict(base_batch_size=16)
test_dataloader = dict(dataset=dict(_base_.label_dataset, data_prefix=cams))
