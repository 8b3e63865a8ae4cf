# AffinityNet on an ImageNet MobileNetV2 of output stride 8, for your own photos on two CPU cores.
_base_ = [
    '../_base_/models/affinitynet_resnet38.py', '../_base_/models/mobilenet_v2.py', '../_base_/datasets/photos.py',
    '../_base_/stages/affinitynet.py', '../_base_/sizes/light.py', '../_base_/schedules/sgd_poly_light.py',
    '../_base_/default_runtime.py'
]
model = dict(
    backbone=dict(_delete_=True, out_indices=(2, 4, 7), **dict(_base_.mobilenet_v2_trained, output_stride=8)),
    # CAMs of few epochs are weak, and the random walk spreads them: the background of the paper would leave little
    test_cfg=dict(background_score=.17))

train_pipeline = [
    dict(step, **_base_.sizes.get(step.type, {})) for step in _base_.train_pipeline if step.type not in _base_.left_out
]
labels = dict(
    _base_.label_dataset.get('data_prefix', {}), inter_pixel_labels='work_dirs/affinity-labels_photos/inter_pixel_labels')
cams = dict(_base_.label_dataset.get('data_prefix', {}), cams='work_dirs/cam_mobilenet-v2_5e_photos/cams')
train_dataloader = dict(
    num_workers=2, dataset=dict(_base_.label_dataset, data_prefix=labels, pipeline=train_pipeline))
test_dataloader = dict(dataset=dict(_base_.label_dataset, data_prefix=cams))

param_scheduler = [dict(_base_.param_scheduler[0], end=8)]
train_cfg = dict(max_epochs=8)
# a larger set is not trained longer (docs/user_guides/your_own_photos.md#changing-something-afterwards)
most_counted_photos = 500
cpu_seconds = dict(iteration=3.2, megapixel=1.5)
