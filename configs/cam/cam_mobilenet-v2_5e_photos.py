# A light classifier for your own photos, trained on two CPU cores in minutes.
_base_ = [
    '../_base_/models/cam_r50.py', '../_base_/models/mobilenet_v2.py', '../_base_/datasets/photos.py',
    '../_base_/stages/cam.py', '../_base_/sizes/light.py', '../_base_/schedules/sgd_poly_light.py',
    '../_base_/default_runtime.py'
]
model = dict(
    backbone=dict(_delete_=True, out_indices=(7, ), **_base_.mobilenet_v2_trained),
    head=dict(num_classes=_base_.num_classes))

sizes = dict(RandomCropAndPad=dict(crop_size=288))
train_pipeline = [dict(step, **{**_base_.sizes, **sizes}.get(step.type, {})) for step in _base_.train_pipeline]
# three scales of CAMs instead of four: scale 2 costs as much as all others together
tta_pipeline = [
    *_base_.load_with_masks,
    dict(_base_.tta_pipeline[-1], transforms=[_base_.tta_pipeline[-1].transforms[0][:3], *_base_.mirrored]),
]
train_dataloader = dict(num_workers=2, dataset=dict(pipeline=train_pipeline, **_base_.weak_dataset))
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.label_dataset)
# one fixed background for the seeds and for the masks that IRNet makes from them
test_evaluator = [*_base_.test_evaluator[:2], dict(type='SeedIoUMetric', background_threshold=.25)]
# The loss is a mean over the classes, so with few of them gradients are larger: .01 diverged with 3 classes. Lower rates make
# wider CAMs: with 6 classes IRNet's masks have 58.7 mIoU at .003 and 63.0 at .006 (docs/benchmarks.md).
optim_wrapper = dict(optimizer=dict(lr=.01 * min(1., _base_.num_classes / 10)))
# a larger set is not trained longer (docs/user_guides/your_own_photos.md#changing-something-afterwards)
most_counted_photos = 1400
# seconds on two CPU cores (docs/benchmarks.md), for the time estimates of the plan
cpu_seconds = dict(iteration=1.2, megapixel=2.9)
