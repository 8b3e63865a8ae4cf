# SEAM on the light backbone of cam_mobilenet-v2_5e_photos.py. The crop is smaller than the paper's, so the second view is half
# of it instead of .3. Losses are computed at the resolution of the class maps, which are not enlarged to the image.
_base_ = ['../cam/cam_mobilenet-v2_5e_photos.py', '../_base_/models/seam.py']
model = dict(
    type='SEAM',
    # 32 channels at stride 8, 96 at 16, 1280 at 16
    backbone=dict(out_indices=(2, 4, 7)),
    head=dict(_base_.seam.head, dropout=0.),
    second_view=dict(scale_factor=.5),
    loss_stride=None)

train_pipeline = [
    dict(step, crop_size=256) if step.type == 'RandomCropAndPad' else step for step in _base_.train_pipeline
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
# the background threshold of stages/seam.py
test_evaluator = [*_base_.test_evaluator[:2], dict(type='SeedIoUMetric', background_threshold=.26)]
# Class maps are divided by their largest value, so a class whose response is near 0 everywhere has a long gradient, and one such
# batch can undo all that was learnt of the tags (docs/studies/six_classes.md#clipped-gradients).
optim_wrapper = dict(clip_grad=dict(max_norm=5.))
cpu_seconds = dict(iteration=2.9)
