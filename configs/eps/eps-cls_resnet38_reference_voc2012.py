# The classification baseline of EPS (no saliency, no background channel), for weights converted from the official code
# (halbielee/EPS):
#   python tools/model_converters/convert_reference.py --from eps-cls IN OUT
# and for training with its settings: resize 256-512, crop 448, batch size 8, 20k iterations. As in the official code the
# momentum of SGD is the weight decay (see _base_/schedules/sgd_poly_20k.py), and images are resized by PIL, which smooths
# when it shrinks. Remaining differences: colours are jittered by OpenCV instead of PIL, and the padding around small
# training images is the mean colour rounded to 8 bits.
_base_ = [
    '../_base_/models/cam_r50.py', '../_base_/models/resnet38.py', '../_base_/datasets/voc2012.py',
    '../_base_/stages/cam.py', '../_base_/schedules/sgd_poly_20k.py', '../_base_/iteration_runtime.py'
]
model = dict(
    backbone=dict(_delete_=True, **_base_.resnet38),
    head=dict(
        dropout=.5, num_classes=_base_.num_classes,
        init_cfg=dict(type='Xavier', layer='Conv2d', distribution='uniform')))

train_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='PILRescale', long_side_range=(256, 512)),
    dict(type='mmcv.RandomFlip', prob=.5),
    dict(type='RandomColorJitter', brightness=.3, contrast=.3, saturation=.3, hue=.1),
    dict(type='RandomCropAndPad', crop_size=448),
    dict(type='PackTagInputs'),
]
tta_pipeline = _base_.pil_tta_pipeline
train_dataloader = dict(batch_size=8, drop_last=True, dataset=dict(pipeline=train_pipeline, **_base_.weak_dataset))
auto_scale_lr = dict(base_batch_size=8)
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=dict(pipeline=tta_pipeline, **_base_.label_dataset))
test_evaluator = [*_base_.test_evaluator[:2], dict(type='SeedIoUMetric', background_threshold=.20)]

optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'head': dict(lr_mult=10)}))
